import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Recorder, valueOf } from "../components/testing/recorder.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { Playbook } from "./playbook.ts";
import type * as wayIn from "./wayIn.ts";
import type { Member } from "../azure/members.ts";
import type * as hostKeys from "../azure/hostKeys.ts";
import { testClock } from "../azure/testing/clock.ts";
import { machine, networkInterface, pages, scaleSet, scaleSetId } from "../azure/testing/arm.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const log = `-----BEGIN SSH HOST KEY KEYS-----\n${hostKey} root@x\n-----END SSH HOST KEY KEYS-----\n`;

/** What ARM has at the moment. */
const azure = vi.hoisted(() => ({
  machines: [] as object[],
  interfaces: [] as object[],
  capacity: 1,
  /** Pools in which machines should be, and the interfaces that were put into them. */
  poolIds: [] as string[],
  moved: [] as string[],
  /** Updates of machines, by name; or the error with which ARM answers them. */
  updates: [] as [name: string, body: object][],
  refusal: undefined as Error | undefined,
  /** What of the entry does not stand; undefined where all does. */
  closed: undefined as string | undefined,
  /** First jump hosts that were waited for. */
  awaited: [] as string[],
}));

vi.mock("../azure/arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      compute: {
        virtualMachineScaleSets: {
          list: () => pages([scaleSet("vmss-front", azure.capacity), scaleSet("vmss-reverse-proxy", 1)]),
        },
        virtualMachines: {
          list: () => pages(azure.machines),
          update: (_: string, name: string, body: object) => {
            azure.updates.push([name, body]);
            return azure.refusal ? Promise.reject(azure.refusal) : Promise.resolve({});
          },
          retrieveBootDiagnosticsData: (_: string, name: string) =>
            Promise.resolve({ serialConsoleLogBlobUri: `https://blob.example/${name}` }),
        },
      },
      network: {
        networkInterfaces: {
          list: () => pages(azure.interfaces),
          get: (_: string, name: string) =>
            Promise.resolve(azure.interfaces.find((each) => (each as { name: string }).name === name)),
          createOrUpdate: (_: string, name: string) => {
            azure.moved.push(name);
            return Promise.resolve({});
          },
        },
      },
    }),
}));

vi.mock("../azure/hostKeys.ts", async (original) => {
  const real = await original<typeof hostKeys>();
  const readHostKeys: typeof real.readHostKeys = (machines, source, options) =>
    real.readHostKeys(machines, source, { ...options, clock: testClock() });
  return { ...real, readHostKeys };
});

vi.mock("./jumpHost.ts", () => ({
  waitForJumpHost: (host: string, { stack }: { stack: string }) => {
    azure.awaited.push(`${host} of ${stack}`);
    return Promise.resolve();
  },
}));
vi.mock("./wayIn.ts", async (original) => ({
  ...(await original<typeof wayIn>()),
  wayThroughEntry: (): Promise<wayIn.WayIn | wayIn.Closed> => {
    if (azure.closed !== undefined) return Promise.resolve({ closed: azure.closed });
    const jumpHost = { id: "vmid-e", name: "vmss-e", hostName: "entrye", address: "10.10.0.4", scaleSetId: "" };
    const jumpHosts = [{ ...jumpHost, identities: [], hasSystemIdentity: false } as unknown as Member];
    const entry = { stack: "prod", resourceGroup: "rg-platform-prod", jumpHosts };
    return Promise.resolve({ jumps: ["198.51.100.40", "10.20.0.254"], entry });
  },
}));

let ansible: string;
beforeEach(() => {
  ansible = mkdtempSync(join(tmpdir(), "ansible-"));
  mkdirSync(join(ansible, "inventory"));
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(log)));
  azure.machines = [machine("vmss-front", "a", "frontA"), machine("vmss-reverse-proxy", "p", "proxyP")];
  Object.assign(azure, { updates: [], moved: [], poolIds: [] });
  azure.refusal = undefined;
  azure.closed = undefined;
  azure.awaited = [];
  azure.interfaces = [networkInterface("a", "10.20.1.4"), networkInterface("p", "10.20.0.4")];
});
afterEach(() => {
  rmSync(ansible, { recursive: true });
  vi.unstubAllGlobals();
});

const plan = planOf("dev");
const access = {
  uri: "https://kv-dev.vault.azure.net/",
  storeUrl: "https://stdev.blob.core.windows.net",
  clientIds: { front: "client-of-front" },
};

/** dev as it is entered through production. */
const behindEntry: Plan = {
  ...plan,
  reverseProxy: {
    ...plan.reverseProxy,
    public: false,
    entry: { environment: "production", stack: "prod", domain: "chatbot.example" },
    internalAddress: "10.20.0.254",
  },
};

async function build(options: { preview?: boolean; treeHash?: string; ansible?: string; plan?: Plan } = {}) {
  const recorder = await Recorder.start({ stack: "dev", preview: options.preview ?? false });
  const playbook = new Playbook("configuration", {
    plan: options.plan ?? plan,
    ansible: options.ansible ?? ansible,
    treeHash: options.treeHash ?? "tree",
    resourceGroupName: "rg",
    cloud: { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    groups: machineGroups(plan)
      .filter(({ name }) => ["front", "reverse-proxy"].includes(name))
      .map((machines) => ({
        machines,
        scaleSetIds: [pulumi.output(scaleSetId(`vmss-${machines.name}`))],
        identityId: pulumi.output(`/identities/id-${machines.name}`),
        poolIds: azure.poolIds,
      })),
    access,
    publicAddress: options.plan ? undefined : pulumi.output("198.51.100.32"),
    after: [],
  });
  const [urn, machines, succeeded] = await Promise.all([
    valueOf(playbook.urn),
    valueOf(playbook.machines),
    valueOf(playbook.succeeded),
  ]);
  await recorder.settle();
  const command = recorder.one("command:local:Command");
  const environment = pulumi.runtime.unwrapRpcSecret(command.inputs["environment"]) as Record<string, unknown>;
  const { PLATFORM_CONTENT: content, PLATFORM_MACHINES: standing } = environment;
  return { recorder, urn, machines, command, environment, content, standing, succeeded };
}

const read = (file: string) => readFileSync(join(ansible, "inventory", file), "utf8");

test("the machines are written into inventory, known_hosts and SSH configuration", async () => {
  const { urn, machines } = await build();
  expect(urn).toContain("platform:configuration:Playbook::configuration");
  expect(machines).toEqual({ "fronta.dev": "10.20.1.4", "proxyp.dev": "10.20.0.4" });
  expect(read("dev.yml")).toContain("fronta.dev:\n          ansible_host: 10.20.1.4\n");
  expect(read("dev.yml")).toContain(`ansible_ssh_common_args: -F "{{ inventory_dir }}/dev.ssh_config"`);
  expect(read("dev.known_hosts")).toBe(
    `# vmid-a fronta.dev\n10.20.1.4 ${hostKey}\n# vmid-p proxyp.dev\n10.20.0.4,198.51.100.32 ${hostKey}\n`,
  );
  expect(read("dev.ssh_config")).toContain(`UserKnownHostsFile "${join(ansible, "inventory", "dev.known_hosts")}"`);
});

test("Ansible runs as one command of the component, in its directory, with no path of this machine in it", async () => {
  const { recorder, command } = await build({ preview: true, ansible: "ansible" });
  expect(recorder.children("configuration")).toEqual(["command:local:Command configuration-ansible"]);
  expect(command.inputs["create"]).toBe(
    "node ../configuration/runPlaybook.ts -i inventory/dev.yml playbooks/environment.yml --skip-tags base",
  );
  expect(command.inputs["dir"]).toBe("ansible");
  expect(command.inputs["triggers"]).toEqual(["vmid-a", "vmid-p"]);
  expect(JSON.stringify(command.inputs)).not.toContain(process.cwd());
});

test("Ansible's directory may be anywhere: the command runs there, and finds its program from there", async () => {
  const { command } = await build();
  const [, path = ""] = /^node (\S+) /.exec(String(command.inputs["create"])) ?? [];
  expect(command.inputs["dir"]).toBe(ansible);
  expect(resolve(ansible, path)).toBe(join(import.meta.dirname, "runPlaybook.ts"));
});

test("a run of Ansible is not protected where all else is, since each change replaces it", async () => {
  const { command } = await build();
  expect(command.protect).toBe(false);
});

test("no secret is handed to the command, and what it prints is one", async () => {
  const { command, environment } = await build();
  expect(Object.keys(environment).sort()).toEqual([
    "ANSIBLE_DISPLAY_FAILED_STDERR",
    "PLATFORM_CONTENT",
    "PLATFORM_MACHINES",
  ]);
  expect(command.secretOutputs).toEqual(["stdout", "stderr"]);
});

test("machines are told where the vault is, and the client ID of their group's identity", async () => {
  await build();
  expect(read("dev.yml")).toContain("uri: https://kv-dev.vault.azure.net/");
  expect(read("dev.yml")).toContain("platform_identity: client-of-front");
});

test("a machine that stands gets the identity of its group beside those that it has, before Ansible runs", async () => {
  const [front = {}, proxy = {}] = azure.machines;
  azure.machines = [
    { ...front, identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { "/other": {} } } },
    { ...proxy, identity: { type: "UserAssigned", userAssignedIdentities: { "/IDENTITIES/id-reverse-proxy": {} } } },
  ];
  await build();
  expect(azure.updates).toEqual([
    [
      "vmss-front_a",
      { identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { "/identities/id-front": {} } } },
    ],
  ]);
});

test("a machine that stands is put into the pools of its group, which a preview does not do", async () => {
  azure.poolIds = ["/pools/a", "/pools/b"];
  azure.interfaces = [
    networkInterface("a", "10.20.1.4", ["/pools/a"]),
    networkInterface("p", "10.20.0.4", azure.poolIds),
  ];
  await build({ preview: true });
  expect(azure.moved).toEqual([]);
  await build();
  expect(azure.moved).toEqual(["nic-a"]);
});

test("a preview gives no machine an identity", async () => {
  await build({ preview: true });
  expect(azure.updates).toEqual([]);
});

test("with nothing changed, nothing of the command changes", async () => {
  const first = await build();
  const second = await build();
  expect(second.command.inputs).toEqual(first.command.inputs);
});

test("a change of ansible/ runs the command again, and one that fails leaves none in the state", async () => {
  const first = await build();
  const second = await build({ treeHash: "other" });
  expect(second.content).not.toBe(first.content);
  expect(second.standing).toBe(first.standing);
  expect(second.command.replaceOnChanges).toContain("environment");
  expect(second.command.deleteBeforeReplace).toBe(true);
});

test("a group without the IDs of all its scale sets is refused before anything is made", async () => {
  const recorder = await Recorder.start({ stack: "dev" });
  const [machines] = machineGroups(plan);
  if (!machines) throw new Error("dev has no machines");
  const groups = [{ machines, scaleSetIds: [], identityId: "/identity", poolIds: [] }];
  const make = () =>
    new Playbook("configuration", {
      plan,
      ansible,
      treeHash: "tree",
      resourceGroupName: "rg",
      cloud: { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
      groups,
      access,
      publicAddress: "198.51.100.32",
      after: [],
    });
  expect(make).toThrow(`arguments of Playbook configuration; nothing was made
  groups.back.scaleSetIds: given 0, allowed is the IDs of its 1 scale sets`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("a replaced machine runs the command anew", async () => {
  const first = await build();
  azure.machines = [machine("vmss-front", "b", "frontB"), machine("vmss-reverse-proxy", "p", "proxyP")];
  azure.interfaces.push(networkInterface("b", "10.20.1.5"));
  const second = await build();
  expect(second.command.inputs["triggers"]).toEqual(["vmid-b", "vmid-p"]);
  expect(second.standing).not.toBe(first.standing);
  // It is what was approved, so that a repair between approval and apply is no difference.
  expect(second.content).toBe(first.content);
});

test("a preview knows whether Ansible would run, and writes and asks nothing else", async () => {
  const { content, standing } = await build();
  const files = ["dev.yml", "dev.known_hosts", "dev.ssh_config"];
  for (const file of files) rmSync(join(ansible, "inventory", file));
  vi.stubGlobal("fetch", () => Promise.reject(new Error("a preview asks for no host keys")));
  const preview = await build({ preview: true });
  expect(preview).toMatchObject({ content, standing });
  for (const file of files) expect(existsSync(join(ansible, "inventory", file)), file).toBe(false);
});

test("machines with the same host name are told apart by their resources' names", async () => {
  azure.machines = [machine("vmss-front", "a", "same"), machine("vmss-reverse-proxy", "p", "same")];
  const { machines } = await build();
  expect(machines).toEqual({ "vmss-front_a.dev": "10.20.1.4", "vmss-reverse-proxy_p.dev": "10.20.0.4" });
});

test("a machine whose host keys cannot be had keeps no other from being configured, and is told", async () => {
  vi.stubGlobal("fetch", (uri: string) => Promise.resolve(new Response(uri.includes("front") ? "" : log)));
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const { command, machines } = await build();
  expect(Object.keys(machines)).toEqual(["fronta.dev", "proxyp.dev"]);
  expect(command.inputs["triggers"]).toEqual(["vmid-a", "vmid-p"]);
  // SSH refuses it, so the run leaves it out.
  expect(read("dev.known_hosts")).toBe(
    `# vmid-a fronta.dev\n# vmid-p proxyp.dev\n10.20.0.4,198.51.100.32 ${hostKey}\n`,
  );
  expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/^no host keys[^]*\n {2}fronta \(/)]);
  warn.mockRestore();
});

test("behind an entry SSH jumps twice, and verifies the entry's jump hosts by their consoles as well", async () => {
  const { environment } = await build({ plan: behindEntry });
  expect(read("dev.ssh_config")).toContain("  ProxyJump 198.51.100.40,10.20.0.254\n");
  expect(read("dev.known_hosts")).toBe(
    `# vmid-e entrye.prod\n10.10.0.4,198.51.100.40 ${hostKey}\n# vmid-a fronta.dev\n10.20.1.4 ${hostKey}\n` +
      `# vmid-p proxyp.dev\n10.20.0.4,10.20.0.254 ${hostKey}\n`,
  );
  expect(read("dev.yml")).not.toContain("entrye");
  expect(read("dev.ssh_config")).not.toContain("entrye");
  expect(azure.awaited).toEqual(["198.51.100.40 of prod"]);
  expect(environment["PLATFORM_LEFT_OUT"]).toBe("");
});

test("while the entry does not stand all but the run is done, a warning says what comes next, and the run is made later", async () => {
  azure.closed = "rg-platform-prod has no public address pip-platform-prod";
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const left = await build({ plan: behindEntry });
  expect(left.machines).toEqual({ "fronta.dev": "10.20.1.4", "proxyp.dev": "10.20.0.4" });
  expect(azure.updates.map(([name]) => name)).toEqual(["vmss-front_a", "vmss-reverse-proxy_p"]);
  expect(warn.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(
      /through production \(stack prod\).*no public address.*Next: pulumi up --stack prod, and then/,
    ),
  ]);
  warn.mockRestore();
  expect(existsSync(join(ansible, "inventory", "dev.ssh_config"))).toBe(false);
  expect(azure.awaited).toEqual([]);
  expect(left.environment["PLATFORM_LEFT_OUT"]).toBe("production");
  expect(left.succeeded).toBe(false);
  azure.closed = undefined;
  const later = await build({ plan: behindEntry });
  expect(later.environment).toEqual({ ...left.environment, PLATFORM_LEFT_OUT: "" });
  expect(later.command.replaceOnChanges).toContain("environment");
});

test("a preview tells as well that the run is left out", async () => {
  azure.closed = "it is not there";
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const { environment } = await build({ plan: behindEntry, preview: true });
  expect(warn).toHaveBeenCalledOnce();
  expect(environment["PLATFORM_LEFT_OUT"]).toBe("production");
  warn.mockRestore();
});
