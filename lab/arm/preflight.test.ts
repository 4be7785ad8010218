/** The program's own preflight asks the lab's ARM: forms, versions and limits on both sides are the same. */
import { createComputeManagement } from "@azure/arm-compute/api";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { questions } from "../../azure/questions.ts";
import { standingIn } from "../../azure/standing.ts";
import { planOf } from "../../environment/testing/stacks.ts";
import { ask } from "../../preflight/ask.ts";
import { judge, type Findings } from "../../preflight/judge.ts";
import { groupNeeds } from "../../preflight/needs.ts";
import { subscription, TestLab } from "./testing/testLab.ts";

const clients = vi.hoisted(() => ({ connect: (): unknown => undefined }));
vi.mock("../../azure/arm.ts", () => ({ connect: () => Promise.resolve(clients.connect()) }));

const lab = new TestLab();
clients.connect = () => lab.clients;
beforeAll(async () => {
  await lab.start();
});
afterAll(async () => {
  await lab.stop();
});

/** What the preflight of a committed stack finds. */
async function findings(stack: string): Promise<Findings> {
  const plan = planOf(stack);
  const token = await lab.token();
  const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const tlsOptions = { ca: lab.certificates.ca };
  const asking = questions(createComputeManagement(credential, subscription, { endpoint: lab.endpoint, tlsOptions }));
  const place = { location: "westeurope", file: `Pulumi.${stack}.yaml`, spares: "required" as const, given: [] };
  return judge(plan, groupNeeds(plan, new Map()), await ask(asking, plan, place.location, []), place);
}

test.each(["dev", "prod", "tools"])("%s can be built in the lab as it is", async (stack) => {
  lab.arm.limits({ reset: true });
  expect(await findings(stack)).toEqual({ obstacles: [], rights: [], deletions: [], warnings: [] });
});

test("every limit that the lab can set is found", async () => {
  const size = planOf("dev").reverseProxy.size;
  lab.arm.limits({
    reset: true,
    cores: [{ region: "westeurope", limit: 20 }],
    restrict: [{ region: "*", size, zones: ["3"] }],
    unregister: ["Microsoft.Network"],
    deny: ["Microsoft.Compute/virtualMachineScaleSets/write"],
  });
  const { obstacles, rights, warnings } = await findings("dev");
  expect([...obstacles, ...rights].map(({ place, given }) => [place.split(" (also")[0], given])).toEqual([
    ["resource provider Microsoft.Network", "NotRegistered"],
    ["platform:environment.tiers.back.size", `${size} in zones 1, 2, 3 of westeurope`],
    ["quota of vCPUs in westeurope", expect.stringMatching(/^Total Regional vCPUs: 20 and 10 for spare .*; \S/)],
    [
      `rights of this identity in /subscriptions/${subscription}`,
      "not Microsoft.Compute/virtualMachineScaleSets/write",
    ],
  ]);
  expect(warnings).toEqual([]);
});

test("a provider of machines that is not registered is the one obstacle, though it answers nothing", async () => {
  lab.arm.limits({ reset: true, unregister: ["Microsoft.Compute"] });
  expect((await findings("dev")).obstacles.map(({ place }) => place)).toEqual(["resource provider Microsoft.Compute"]);
});

test("nothing stands where the providers of scale sets and load balancers are not registered", async () => {
  const asked = () =>
    standingIn({ resourceManager: lab.endpoint, vaultSuffix: "", storageSuffix: "" }, "rg-platform-dev");
  const nothing = { scaleSets: new Map(), ports: new Map() };
  lab.arm.limits({ reset: true, unregister: ["Microsoft.Compute", "Microsoft.Network"] });
  expect(await asked()).toEqual(nothing);
  lab.arm.limits({ reset: true });
  expect(await asked()).toEqual(nothing);
  lab.arm.limits({ reset: true, deny: ["Microsoft.Network/loadBalancers/read"] });
  await expect(asked()).rejects.toThrow("does not tell the load balancers of rg-platform-dev; nothing was changed.");
});

test("what the identity may not read is told by its question", async () => {
  lab.arm.limits({ reset: true, deny: ["Microsoft.Compute/locations/usages/read"] });
  const { obstacles } = await findings("dev");
  expect(obstacles.map(({ place }) => place)).toEqual([
    expect.stringMatching(/^question \/subscriptions\/.*\/usages$/),
  ]);
  expect(obstacles[0]?.given).toMatch(/^403 AuthorizationFailed /);
});
