import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterEach, expect, test, vi } from "vitest";
import { Recorder, valueOf } from "./components/testing/recorder.ts";
import { machine, networkInterface, pages, scaleSet } from "./configuration/testing/arm.ts";

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlPeu/lQ3JlYXRlZCBmb3IgdGVzdHMgb25seSEh test";

/** The committed stack file with the settings that its users add. */
function configuration(stack: string): Record<string, string> {
  const file = load(readFileSync(join(import.meta.dirname, `Pulumi.${stack}.yaml`), "utf8")) as
    { config: Record<string, unknown> };
  const config = {
    ...file.config,
    "platform:administrators": { ranges: ["198.51.100.1/32"], sshKeys: [publicKey] },
    "platform:databasePassword": "a test's password",
  };
  return Object.fromEntries(Object.entries(config).map(([key, value]) =>
    [key, typeof value === "string" ? value : JSON.stringify(value)]));
}

/** Loads the program as a preview of a stack whose scale sets have one machine in all. */
async function preview(stack: string, change: (config: Record<string, string>) => void = () => {}) {
  vi.resetModules();
  vi.doMock("./configuration/arm.ts", () => ({
    connect: () => Promise.resolve({
      compute: {
        virtualMachineScaleSets: { list: () => pages([scaleSet("vmss-platform-dev-front", 2)]) },
        virtualMachines: { list: () => pages([machine("vmss-platform-dev-front", "0a1b2c", "front0a1b2c")]) },
      },
      network: { networkInterfaces: { list: () => pages([networkInterface("0a1b2c", "10.20.1.4")]) } },
    }),
  }));
  const config = configuration(stack);
  change(config);
  const recorder = await Recorder.start({ stack, config, preview: true });
  const program = await import("./index.ts");
  const machines = await valueOf(program.machines);
  const publicAddress = await valueOf(program.publicAddress);
  await recorder.settle();
  return { recorder, program, machines, publicAddress };
}

afterEach(() => vi.doUnmock("./configuration/arm.ts"));

test("dev is built of a network, a group and a load balancer for each kind, a reverse proxy and names", async () => {
  const { recorder } = await preview("dev");
  expect(recorder.resources.filter(({ parent, type }) => parent === undefined && type.startsWith("platform:"))
    .map(({ type, name }) => `${type.split(":")[2]} ${name}`).sort()).toEqual([
    "DnsZone private-dns", "DnsZone public-dns", "Network network", "Playbook configuration",
    "PrivateLB back-load-balancer", "PrivateLB data-load-balancer", "PrivateLB front-load-balancer",
    "PrivateLB machine-learning-load-balancer", "ReverseProxy reverse-proxy",
    "TierHAG back", "TierHAG data", "TierHAG front", "TierHAG machine-learning",
  ]);
});
