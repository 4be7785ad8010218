/** Environments that must stand before this one is peered with them. */
import * as pulumi from "@pulumi/pulumi";
import type { PeerNetwork } from "../azure/peerNetworks.ts";
import type { Plan } from "../environment/plan.ts";
import { renderObstacles, renderWarning, type Obstacle } from "./obstacle.ts";

/** What keeps a stack from being peered; none where nothing does. A preview makes nothing, and only tells it. */
export async function missingPeers(file: string, plan: Plan, networks: readonly PeerNetwork[]): Promise<string[]> {
  const obstacles = obstaclesOf(plan, networks);
  if (!pulumi.runtime.isDryRun()) return obstacles.length > 0 ? [renderObstacles(file, obstacles)] : [];
  for (const obstacle of obstacles) await pulumi.log.warn(`pulumi up will need it: ${renderWarning(obstacle)}`);
  return [];
}

/** Tells of forwards whose environment does not say that this one is its entry: nothing is sent there. */
export async function tellWaiting({ environment, reverseProxy: { waiting } }: Plan): Promise<void> {
  if (waiting.length === 0) return;
  const forwards = waiting.map((forward) => `${forward.domain} to ${forward.environment}`).join(", ");
  await pulumi.log.info(
    `${forwards}: not forwarded until reverseProxy.entry of that environment's stack file says ${environment}`,
  );
}

/** One obstacle for each environment whose network or private zone does not stand. */
function obstaclesOf({ stack, environment }: Plan, networks: readonly PeerNetwork[]): Obstacle[] {
  return networks
    .filter(({ missing }) => missing.length > 0)
    .map(({ peer, missing }) => ({
      place: `environment ${peer.environment} (stack ${peer.stack}), with which ${environment} is peered`,
      given: `no ${missing.join(", no ")}`,
      allowed: "an environment that stands: this stack makes both sides of the peering",
      change: `pulumi up --stack ${peer.stack}, then pulumi up --stack ${stack}`,
    }));
}
