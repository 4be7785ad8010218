import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test, vi } from "vitest";
import { Recorder, valueOf } from "../components/testing/recorder.ts";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { portsOf } from "../environment/portMoves.ts";
import { endMoves, standingPorts } from "./standingPorts.ts";
import { loadBalancer, pages } from "./testing/arm.ts";

/** What ARM answers, and what it was told. */
const azure = vi.hoisted(() => ({ list: (): unknown => undefined, tags: {}, asked: [] as unknown[] }));

vi.mock("./arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      network: {
        loadBalancers: {
          list: (group: string) => {
            azure.asked.push(group);
            return azure.list();
          },
          get: () => Promise.resolve({ tags: azure.tags }),
          updateTags: (...given: unknown[]) => {
            azure.asked.push(given);
            return Promise.resolve();
          },
        },
      },
    }),
}));

const numbered = ([port, rule]: [string, string]): [number, string] => [Number(port), rule];
const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const name = "lbi-platform-dev-back";

beforeEach(() => {
  azure.asked = [];
});

test("the ports that stand are those of the rules; one moves until its tag says where it is", async () => {
  azure.list = () =>
    pages([
      loadBalancer("a", { 4000: "service" }, { tier: "back" }),
      loadBalancer("b", { 4001: "service-4001", 4000: "service" }, { port: "to 4001" }),
      loadBalancer("c", { 5000: "service" }, { port: "5000" }),
      { name: "d" },
    ]);
  expect(Object.fromEntries(await standingPorts(cloud, "rg-platform-dev"))).toEqual({
    a: { rules: new Map([[4000, "service"]]), moving: false, at: 4000 },
    b: {
      rules: new Map(Object.entries({ 4000: "service", 4001: "service-4001" }).map(numbered)),
      moving: true,
      at: undefined,
    },
    c: { rules: new Map([[5000, "service"]]), moving: false, at: 5000 },
    d: { rules: new Map(), moving: false, at: undefined },
  });
  expect(azure.asked).toEqual(["rg-platform-dev"]);
});

/** A plan of dev whose back has the port 4000; its load balancer had the given one. */
const plan = (port: number) =>
  planOf("dev", committed("dev"), new Map([[name, portsOf(new Map([[port, "service"]]), undefined)]]));

test.each([false, true])("the end of a run of Ansible ends moves, unless it is a preview (%s)", async (preview) => {
  const recorder = await Recorder.start({ preview });
  azure.tags = { tier: "back", port: "to 4000" };
  const moving = plan(4100);
  expect(await valueOf(endMoves(cloud, moving, pulumi.output(true)))).toEqual({
    back: "moves to 4000; still serves 4100",
  });
  const told = ["rg-platform-dev", name, { tags: { tier: "back", port: "4000" } }];
  expect(azure.asked).toEqual(preview ? [] : [told]);
  await recorder.settle();
});

test("a run of Ansible that did not succeed ends no move", async () => {
  const recorder = await Recorder.start();
  const moving = plan(4100);
  // The engine never tells the outputs of a command that failed; one that was left out has those of its last run.
  endMoves(cloud, moving, pulumi.output(new Promise<boolean>(() => undefined)));
  expect(await valueOf(endMoves(cloud, moving, pulumi.output(false)))).toEqual({
    back: "moves to 4000; still serves 4100",
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(azure.asked).toEqual([]);
  await recorder.settle();
});

test("where nothing moves nobody is asked", async () => {
  const recorder = await Recorder.start();
  const settled = plan(4000);
  expect(await valueOf(endMoves(cloud, settled, pulumi.output(true)))).toEqual({});
  expect(azure.asked).toEqual([]);
  await recorder.settle();
});
