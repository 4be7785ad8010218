/**
 * The experiments: each deploys under load, and holds what clients and machines saw against its goals. Front and back are
 * deployed at the same time: each tier has a lock and a load balancer of its own.
 */
import type { Experiment } from "../chaos/experiment.ts";
import { bad } from "./experiments/badReleases.ts";
import type { Deployer } from "./experiments/deployer.ts";
import { deployment } from "./experiments/deployments.ts";
import { killed } from "./experiments/kills.ts";
import { repair, repairThenDeploy } from "./experiments/repairs.ts";
import { both, numbers } from "./experiments/underLoad.ts";

/** 50 deployments and 50 rollbacks, 25 bad releases, 8 kills, 4 deployments just after a repair, 20 repairs in the middle of one. */
export const experimentsWith = (deployer: Deployer): Experiment[] => [
  ...numbers(5).map((number) => deployment(deployer, number)),
  bad(deployer, 1, both),
  bad(deployer, 2, both),
  bad(deployer, 3, ["front"]),
  killed(deployer, 1, "alone"),
  killed(deployer, 2, "all"),
  repairThenDeploy(deployer, 1, "serves"),
  repairThenDeploy(deployer, 2, "boots"),
  ...numbers(5).map((number) => repair(deployer, number)),
];
