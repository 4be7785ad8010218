import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { standingIn } from "../../azure/standing.ts";
import { endMoves } from "../../azure/standingPorts.ts";
import { Recorder, valueOf } from "../../components/testing/recorder.ts";
import { portTag } from "../../environment/portMoves.ts";
import { committed, planOf } from "../../environment/testing/stacks.ts";
import { subscription, TestLab } from "./testing/testLab.ts";

const clients = vi.hoisted(() => ({ connect: (): unknown => undefined }));
vi.mock("../../azure/arm.ts", () => ({ connect: () => Promise.resolve(clients.connect()) }));

const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const group = "rg-platform-dev";
const name = "lbi-platform-dev-back";
const location = "westeurope";
const network = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Network`;

let lab: TestLab;
beforeEach(async () => {
  lab = new TestLab();
  await lab.start();
  clients.connect = () => lab.clients;
});
afterEach(() => lab.stop());

const standing = async () => (await standingIn(cloud, "rg-platform-dev")).ports;

/** The plan of dev's back with a port, by what stands. */
async function planWith(port: number) {
  const environment = committed("dev") as { tiers: Record<string, { applications: object[] }> };
  const back = environment.tiers["back"] ?? expect.fail("dev has a back");
  const applications = back.applications.map((application) => ({ ...application, port }));
  environment.tiers["back"] = { ...back, port, applications } as typeof back;
  const plan = planOf("dev", environment, await standing());
  const service = plan.tiers.find((tier) => tier.name === "back")?.service ?? expect.fail("back has a port");
  return { plan, service };
}

/** What Pulumi makes of the plan before Ansible runs. */
async function apply({ service }: Awaited<ReturnType<typeof planWith>>) {
  const id = `${network}/loadBalancers/${name}`;
  await lab.clients.network.loadBalancers.createOrUpdate(group, name, {
    location,
    sku: { name: "Standard" },
    frontendIPConfigurations: [{ name: "frontend", subnet: { id: `${network}/virtualNetworks/vnet/subnets/snet` } }],
    backendAddressPools: [{ name: "members" }],
    loadBalancingRules: service.ports.map(({ port, rule }) => ({
      name: rule,
      protocol: "Tcp",
      frontendPort: port,
      backendPort: port,
      frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/frontend` },
      backendAddressPool: { id: `${id}/backendAddressPools/members` },
    })),
    tags: { tier: "back", ...(service.moving ? { [portTag]: `to ${service.port}` } : {}) },
  });
}

const run = pulumi.output(true);
const ports = async () => [...((await standing()).get(name)?.rules.keys() ?? [])].sort();

test("a port moves in two ups: both stand until a run of Ansible has succeeded, a failed one changes nothing", async () => {
  expect(await standing()).toEqual(new Map());
  const { resources, network: networks } = lab.clients;
  await resources.resourceGroups.createOrUpdate(group, { location });
  await networks.virtualNetworks.createOrUpdate(group, "vnet", {
    location,
    addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
    subnets: [{ name: "snet", addressPrefix: "10.20.2.0/24" }],
  });
  await apply(await planWith(4000));
  expect(await ports()).toEqual([4000]);

  const recorder = await Recorder.start();
  for (const [port, open] of [
    // Ansible fails after each of them: nobody calls `endMoves`.
    [4100, [4000, 4100]],
    [4000, [4000, 4100]],
  ] as const) {
    await apply(await planWith(port));
    expect(await ports()).toEqual(open);
  }
  const moving = await planWith(4100);
  await apply(moving);
  expect(await valueOf(endMoves(cloud, moving.plan, run))).toEqual({ back: "moves to 4100; still serves 4000" });
  expect(await ports()).toEqual([4000, 4100]);
  expect((await networks.loadBalancers.get(group, name)).tags).toEqual({ tier: "back", port: "4100" });

  const closing = await planWith(4100);
  await apply(closing);
  expect(await ports()).toEqual([4100]);
  expect(await valueOf(endMoves(cloud, closing.plan, run))).toEqual({});
  expect((await planWith(4100)).service).toEqual(closing.service);
  await recorder.settle();
});
