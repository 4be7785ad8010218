import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test, vi } from "vitest";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { noZoneFile } from "../environment/zones/zoneFile.ts";
import { entranceOf } from "./entryAddress.ts";
import type * as wayIn from "./wayIn.ts";

const failure = (statusCode: number) => Object.assign(new Error(`answer ${statusCode}`), { statusCode });

/** What ARM has: the stack's own public address, and the way through the entry. */
const azure = vi.hoisted(() => ({
  own: (): Promise<{ ipAddress?: string }> => Promise.resolve({}),
  way: (): Promise<object> => Promise.resolve({}),
  asked: [] as string[],
}));
vi.mock("../azure/arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      network: {
        publicIPAddresses: {
          get: (group: string, name: string) => {
            azure.asked.push(`${group}/${name}`);
            return azure.own();
          },
        },
      },
    }),
}));
vi.mock("./wayIn.ts", async (original) => ({
  ...(await original<typeof wayIn>()),
  wayThroughEntry: () => azure.way(),
}));

const cloud = { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" };
const asked = (stack: string, plan = planOf(stack)) => entranceOf(cloud, `Pulumi.${stack}.yaml`, plan, noZoneFile);

beforeEach(() => {
  azure.asked.length = 0;
  azure.own = () => Promise.reject(failure(404));
  azure.way = () => Promise.resolve({ closed: "the network of production is not peered with this one" });
});

test("an environment behind another one is entered at that one's public address, once it leads there", async () => {
  expect(await asked("tools")).toEqual({ address: undefined, obstacles: [] });
  azure.way = () => Promise.resolve({ jumps: ["198.51.100.32", "10.30.0.254"] });
  expect(await asked("tools")).toEqual({ address: "198.51.100.32", obstacles: [] });
});

test("an address at which clients come in is not given back while the entry does not lead here", async () => {
  azure.own = () => Promise.resolve({ ipAddress: "198.51.100.7" });
  const { obstacles } = await asked("tools");
  expect(azure.asked).toEqual(["rg-platform-tools/pip-platform-tools"]);
  expect(obstacles).toEqual([
    expect.stringMatching(
      /given: {3}false, while clients come in at pip-platform-tools alone: the network of production is not peered.*pulumi up --stack prod /s,
    ),
  ]);
  azure.way = () => Promise.resolve({ jumps: ["198.51.100.32", "10.30.0.254"] });
  expect((await asked("tools")).obstacles).toEqual([]);
});

test("names that go over to an entry that does not lead here are told, and keep nothing from being made", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const environment = committed("dev");
  const reverseProxy = { ...(environment["reverseProxy"] as object), entry: "production", public: true };
  const moving = planOf("dev", { ...environment, reverseProxy });
  azure.own = () => Promise.resolve({ ipAddress: "198.51.100.7" });
  expect(await asked("dev", moving)).toEqual({ address: undefined, obstacles: [] });
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^www\.dev\.chatbot\.example, api.*not peered with this one\. pulumi up --stack prod goes first$/,
      ),
    ],
  ]);
  azure.way = () => Promise.resolve({ jumps: ["198.51.100.32", "10.20.0.254"] });
  expect(await asked("dev", moving)).toEqual({ address: undefined, obstacles: [] });
  expect(warn).toHaveBeenCalledTimes(1);
});

test("for an environment with an address of its own nothing is asked", async () => {
  azure.way = () => Promise.reject(failure(500));
  expect(await asked("dev")).toEqual({ address: undefined, obstacles: [] });
  expect(azure.asked).toEqual([]);
});

test("where Azure does not tell, that ends the run", async () => {
  azure.way = () => Promise.reject(failure(500));
  const thrown = await asked("tools").catch((error: unknown) => error);
  expect(pulumi.RunError.isInstance(thrown)).toBe(true);
  expect((thrown as Error).message).toMatch(
    /^Azure does not tell whether .* stack tools; nothing was changed\.\n {2}answer 500$/,
  );
});
