/** The whole program for tests: Azure and the engine are stood in for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { vi } from "vitest";
import { machine, networkInterface, pages, scaleSet, type loadBalancer } from "../azure/testing/arm.ts";
import { restOf, roomySubscription, type Subscription } from "../azure/testing/subscription.ts";
import { Recorder, valueOf } from "../components/testing/recorder.ts";
import type { Endpoints } from "../environment/cloud.ts";
import { publicKey } from "../environment/testing/stacks.ts";
import { resourceTypes } from "../preflight/resourceTypes.ts";

const root = join(import.meta.dirname, "..");

const login = JSON.stringify({ user: "platform_a", password: "a test's password" });

/** The committed stack file with the settings that its users add, and without questions to Azure beforehand. */
export function configuration(stack: string): Record<string, string> {
  const file = load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, unknown> };
  const config = {
    ...file.config,
    "platform:administrators": { ranges: ["198.51.100.1/32"], sshKeys: [publicKey] },
    ...(stack === "tools" ? {} : { "platform:databaseLogin": login }),
    "platform:preflight": { enabled: false },
  };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** What the provider answers. */
export const functions = { "azure-native:authorization:getClientConfig": { tenantId: "tenant" } };

/** Machines as prod's are made. */
const trustedProfile = { osProfile: { adminUsername: "platform" }, securityProfile: { securityType: "TrustedLaunch" } };

/** The scale sets that exist; those of dev are of release 0.2.0. */
const standing = [
  { ...scaleSet("vmss-platform-dev-front", 2), zones: ["1", "2", "3"] },
  { ...scaleSet("vmss-platform-prod-front", 5), zones: ["1", "2", "3"], virtualMachineProfile: trustedProfile },
];

/** Answers to what is asked of other environments, all of which stand. */
const standingEnvironments: Subscription["errors"] = Object.fromEntries(
  ["dev", "prod", "tools"].flatMap((stack): [string, [number, object]][] => [
    [`/virtualNetworks/vnet-platform-${stack}`, [200, { properties: { resourceGuid: `guid-of-${stack}` } }]],
    [`/privateDnsZones/${stack}.chatbot.internal`, [200, { name: `${stack}.chatbot.internal` }]],
    [`/publicIPAddresses/pip-platform-${stack}`, [200, { properties: { ipAddress: "198.51.100.9" } }]],
  ]),
);

/** The Azure that the program asks, from when it is loaded next. */
export function mockAzure(
  loadBalancers: ReturnType<typeof loadBalancer>[] = [],
  subscription: Subscription = roomySubscription(),
): void {
  vi.doMock("../azure/arm.ts", () => ({
    endpointsOf: (cloud: Endpoints) => Promise.resolve(cloud),
    connect: () =>
      Promise.resolve({
        compute: {
          virtualMachineScaleSets: {
            list: (group: string) => pages(standing.filter(({ name }) => name.startsWith(group.replace("rg", "vmss")))),
          },
          virtualMachines: { list: () => pages([machine("vmss-platform-dev-front", "0a1b2c", "front0a1b2c")]) },
        },
        network: {
          networkInterfaces: { list: () => pages([networkInterface("0a1b2c", "10.20.1.4")]) },
          loadBalancers: { list: () => pages(loadBalancers) },
          // An environment's entry is not peered with it yet.
          publicIPAddresses: { get: () => Promise.resolve({ ipAddress: "198.51.100.9" }) },
          virtualNetworkPeerings: { list: () => pages([]) },
        },
        rest: restOf(subscription).rest,
      }),
  }));
}

/**
 * Loads the program as a preview of a stack whose scale sets have one machine in all, and whose load balancers stand, beside
 * other environments that stand.
 */
export async function runPreview(stack: string, loadBalancers: ReturnType<typeof loadBalancer>[] = []) {
  vi.resetModules();
  mockAzure(loadBalancers, { ...roomySubscription(), errors: standingEnvironments });
  const recorder = await Recorder.start({ stack, config: configuration(stack), preview: true, functions });
  const program = await import("../index.ts");
  const machines = await valueOf(program.machines);
  const publicAddress = program.publicAddress && (await valueOf(program.publicAddress));
  await recorder.settle();
  return { recorder, program, machines, publicAddress };
}

/** The same of a stack of which nothing is there yet, so that no ID is known. */
export async function runFirstPreview(stack: string): Promise<Recorder> {
  vi.resetModules();
  mockAzure();
  const toCome = Object.keys(resourceTypes);
  const recorder = await Recorder.start({ stack, config: configuration(stack), preview: true, functions, toCome });
  await import("../index.ts");
  await recorder.settle();
  return recorder;
}
