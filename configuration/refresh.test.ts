import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../azure/arm.ts";
import type * as hostKeys from "../azure/hostKeys.ts";
import { loadBalancer, machine, networkInterface, pages, scaleSet } from "../azure/testing/arm.ts";
import { testClock } from "../azure/testing/clock.ts";
import type { Member } from "../azure/members.ts";
import { restTo, subscriptionId } from "../azure/testing/subscription.ts";
import { Recorder, valueOf } from "../components/testing/recorder.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";
import type { StandingPorts } from "../environment/portMoves.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { Playbook } from "./playbook.ts";
import { refresh } from "./refresh.ts";
import type * as wayIn from "./wayIn.ts";
import type { Closed, WayIn } from "./wayIn.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const log = `-----BEGIN SSH HOST KEY KEYS-----\n${hostKey} root@x\n-----END SSH HOST KEY KEYS-----\n`;
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-dev`;
const setId = (name: string) =>
  `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-platform-dev-${name}`;
const publicAddress = "198.51.100.32";
const endpoints = { vaultSuffix: "vault.test", storageSuffix: "core.test" };
const plan = planOf("dev");
const groups = machineGroups(plan);
const clientIdOf = (name: string) => `client-of-${name}`;

/** What ARM has at the moment: two machines in each scale set. */
const azure = vi.hoisted(
  (): {
    connection: unknown;
    machines: { name: string }[];
    ports: Record<string, { rules: Record<number, string>; tags: Record<string, string> }>;
    identities: string[];
    /** Where the environment has no public address. */
    way: WayIn | Closed | undefined;
  } => ({ connection: undefined, machines: [], ports: {}, identities: [], way: undefined }),
);

vi.mock("../azure/arm.ts", () => ({ connect: () => Promise.resolve(azure.connection) }));
vi.mock("../azure/hostKeys.ts", async (original) => {
  const real = await original<typeof hostKeys>();
  const readHostKeys: typeof real.readHostKeys = (machines, source, options) =>
    real.readHostKeys(machines, source, { ...options, clock: testClock() });
  return { ...real, readHostKeys };
});
vi.mock("./wayIn.ts", async (original) => ({
  ...(await original<typeof wayIn>()),
  wayThroughEntry: () => Promise.resolve(azure.way),
}));
vi.mock("./jumpHost.ts", () => ({ waitForJumpHost: () => Promise.resolve() }));

function connection(): Connection {
  const names = groups.flatMap(({ scaleSets }) => scaleSets.map(({ name }) => name));
  const rest = restTo(({ url: { pathname } }) =>
    pathname === `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
      ? Response.json({
          value: azure.identities.map((name) => ({
            name: `id-platform-dev-${name}`,
            properties: { clientId: clientIdOf(name) },
          })),
        })
      : Response.json({ error: { code: "NotFound" } }, { status: 404 }),
  );
  return {
    rest,
    compute: {
      virtualMachineScaleSets: { list: () => pages(names.map((name) => ({ ...scaleSet(name, 2), id: setId(name) }))) },
      virtualMachines: {
        list: () => pages(azure.machines),
        update: () => Promise.resolve({}),
        instanceView: () => Promise.resolve({ vmAgent: { statuses: [{ displayStatus: "Not Ready" }] } }),
        retrieveBootDiagnosticsData: (_: string, name: string) =>
          Promise.resolve({ serialConsoleLogBlobUri: `https://blob.example/${name}` }),
      },
    },
    network: {
      networkInterfaces: {
        list: () => pages(azure.machines.map(({ name }, index) => networkInterface(name, `10.20.9.${index + 4}`))),
      },
      loadBalancers: {
        list: () =>
          pages(Object.entries(azure.ports).map(([name, { rules, tags }]) => loadBalancer(name, rules, tags))),
      },
      publicIPAddresses: { get: () => Promise.resolve({ ipAddress: publicAddress }) },
    },
  } as unknown as Connection;
}

let ansible: string;
beforeEach(() => {
  ansible = mkdtempSync(join(tmpdir(), "ansible-"));
  mkdirSync(join(ansible, "inventory"));
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(log)));
  azure.connection = connection();
  azure.ports = {};
  azure.way = undefined;
  azure.identities = groups.map(({ name }) => name);
  azure.machines = groups.flatMap(({ scaleSets }) =>
    scaleSets.flatMap(({ name }) =>
      ["a", "b"].map((suffix) => ({
        ...machine(name, suffix, `${name}${suffix}`),
        vmId: `vmid-${name}-${suffix}`,
        virtualMachineScaleSet: { id: setId(name).toUpperCase() },
        networkProfile: {
          networkInterfaces: [{ id: networkInterface(`${name}_${suffix}`, "").id.toUpperCase(), primary: true }],
        },
      })),
    ),
  );
});
afterEach(() => {
  rmSync(ansible, { recursive: true });
  vi.unstubAllGlobals();
});

const files = () =>
  Object.fromEntries(
    ["dev.yml", "dev.known_hosts", "dev.ssh_config"].map((name) => [
      name,
      readFileSync(join(ansible, "inventory", name), "utf8"),
    ]),
  );

/** dev, which has no public address where a way through an entry is told. */
function planNow(standing: ReadonlyMap<string, StandingPorts>): Plan {
  const now = planOf("dev", undefined, standing);
  return azure.way ? { ...now, reverseProxy: { ...now.reverseProxy, public: false } } : now;
}

/** As `pulumi up` writes the files, with the ports that stood when it began. */
async function up(standing: ReadonlyMap<string, StandingPorts> = new Map()) {
  const recorder = await Recorder.start({ stack: "dev" });
  const playbook = new Playbook("configuration", {
    plan: planNow(standing),
    ansible,
    treeHash: "tree",
    resourceGroupName: "rg-platform-dev",
    cloud: { resourceManager: "https://arm.test", ...endpoints },
    groups: groups.map((machines) => ({
      machines,
      scaleSetIds: machines.scaleSets.map(({ name }) => pulumi.output(setId(name))),
      identityId: pulumi.output(`/identities/id-${machines.name}`),
      poolIds: [],
    })),
    access: {
      uri: `https://${plan.vault.name}.vault.test/`,
      storeUrl: `https://${plan.storage.name}.blob.core.test`,
      clientIds: Object.fromEntries(groups.map(({ name }) => [name, clientIdOf(name)])),
    },
    publicAddress: pulumi.output(publicAddress),
    after: [],
  });
  await valueOf(playbook.machines);
  await recorder.settle();
  const written = files();
  for (const name of Object.keys(written)) rmSync(join(ansible, "inventory", name));
  return written;
}

const anew = (options: { waitSeconds?: number } = {}) => {
  const told: string[] = [];
  const planWith = (standing: ReadonlyMap<string, StandingPorts>) => ({ plan: planNow(standing), mistakes: [] });
  return refresh(
    connection(),
    { stack: "dev", planWith },
    { ansible, endpoints, waitSeconds: 0, progress: (text) => told.push(text), clock: testClock(), ...options },
  );
};

test("the files are those that pulumi up wrote, byte by byte", async () => {
  const before = await up();
  const { machines, missing } = await anew();
  expect(machines).toHaveLength(azure.machines.length);
  expect(missing).toEqual([]);
  expect(files()).toEqual(before);
});

test("behind an entry the files are those of pulumi up as well, with its jump hosts, and without a way in none is written", async () => {
  const jumpHost = { id: "vmid-e", name: "vmss-e", hostName: "entrye", address: "10.10.0.4", scaleSetId: "" };
  const jumpHosts = [{ ...jumpHost, identities: [], hasSystemIdentity: false } as unknown as Member];
  const entry = { stack: "prod", resourceGroup: "rg-platform-prod", jumpHosts };
  azure.way = { jumps: ["198.51.100.40", "10.20.0.254"], entry };
  const before = await up();
  expect(before["dev.ssh_config"]).toContain("ProxyJump 198.51.100.40,10.20.0.254\n");
  expect(before["dev.known_hosts"]).toContain(`# vmid-e entrye.prod\n10.10.0.4,198.51.100.40 ${hostKey}\n`);
  expect((await anew()).missing).toEqual([]);
  expect(files()).toEqual(before);

  // The one before does not count: a load balancer may hand the connection to this machine.
  vi.stubGlobal("fetch", (uri: string) => Promise.resolve(new Response(uri.endsWith("vmss-e") ? "" : log)));
  rmSync(join(ansible, "inventory", "dev.known_hosts"));
  await expect(anew()).rejects.toThrow(/^no host keys after 0 s[^]*entrye/);
  azure.way = { closed: "nothing forwards" };
  await expect(anew()).rejects.toThrow("does not stand yet: nothing forwards.");
});

test("after an up that moved a port the files still serve both, as that up wrote them", async () => {
  const name = "lbi-platform-dev-back";
  const { service } = plan.tiers.find((tier) => tier.name === "back") ?? {};
  const before = await up(new Map([[name, { rules: new Map([[4100, "service"]]), moving: false, at: 4100 }]]));
  expect(before["dev.yml"]).toContain("4100");
  azure.ports = {
    [name]: { rules: { 4100: "service", [service?.port ?? 0]: "service-4000" }, tags: { port: `${service?.port}` } },
  };
  await anew();
  expect(files()).toEqual(before);
});

test("a machine that was replaced is in the files, and the one before is not", async () => {
  await anew();
  const [first, ...others] = azure.machines;
  azure.machines = [...others, { ...first, vmId: "vmid-c" } as { name: string }];
  await anew();
  expect(files()["dev.known_hosts"]).toContain("# vmid-c ");
  expect(files()["dev.known_hosts"]).not.toContain("vmid-back-a");
});

test("a machine without host keys is left out and told, and so is a scale set that lacks one", async () => {
  vi.stubGlobal("fetch", (uri: string) => Promise.resolve(new Response(uri.endsWith("front_a") ? "" : log)));
  azure.machines = azure.machines.filter(({ name }) => name !== "back_b");
  const { machines, missing } = await anew();
  expect(machines.map(({ name }) => name)).not.toContain("front_a");
  expect(missing).toEqual([
    { tier: "back", kind: "back", why: expect.stringContaining("back has 1 of 2 machines") as string },
    {
      ...{ tier: "front", kind: "front" },
      why: expect.stringMatching(
        /^left out, since it has no host keys yet: fronta \(front_a, .*its agent is not ready/,
      ) as string,
    },
  ]);
  expect(files()["dev.yml"]).not.toContain("fronta.dev");
  expect(files()["dev.ssh_config"]).not.toContain("fronta.dev");
});

test("with time, it is waited for machines and their host keys", async () => {
  let asked = 0;
  const late = azure.machines.find(({ name }) => name === "front_a");
  vi.stubGlobal("fetch", (uri: string) =>
    Promise.resolve(new Response(uri.endsWith("front_a") && (asked += 1) < 5 ? "" : log)),
  );
  const { missing, machines } = await anew({ waitSeconds: 60 });
  expect(missing).toEqual([]);
  expect(machines.map(({ name }) => name)).toContain(late?.name);
});

test("where no machine has host keys nothing is written", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("")));
  await expect(anew()).rejects.toThrow(/^no host keys after 0 s/);
  expect(() => files()).toThrow("ENOENT");
});

test("an environment that is not there, or not as the stack's file says, is told with the command that makes it", async () => {
  azure.identities = azure.identities.filter((name) => name !== "front");
  await expect(anew()).rejects.toThrow(
    "stack dev: rg-platform-dev has no identity id-platform-dev-front. Make it with: pulumi up --stack dev",
  );
  const missing = Object.assign(new Error("not found"), { statusCode: 404, code: "ResourceGroupNotFound" });
  const gone = connection();
  Object.assign(gone.network.loadBalancers, {
    async *list() {
      yield await Promise.reject(missing);
    },
  });
  const settings = { stack: "dev", planWith: () => Promise.reject(new Error("nothing is planned")) as never };
  await expect(refresh(gone, settings, { ansible, endpoints, waitSeconds: 0, progress: () => {} })).rejects.toThrow(
    /^stack dev: there is no resource group rg-platform-dev in subscription 0000/,
  );
});
