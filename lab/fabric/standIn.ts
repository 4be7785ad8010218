/** For tests: a small world, and a server that stands for a machine's software, in the machine's namespace. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Machine, SecurityRule, VirtualNetwork, World } from "../world.ts";
import { machineNamespace, run } from "./host.ts";
import { inside } from "./namespace.ts";

export function rule(
  given: Partial<SecurityRule> & Pick<SecurityRule, "name" | "priority" | "direction" | "access">,
): SecurityRule {
  return { protocol: "*", sources: ["*"], sourcePorts: ["*"], destinations: ["*"], destinationPorts: ["*"], ...given };
}

/** Azure's six default rules. */
export const defaultRules: SecurityRule[] = [
  rule({
    name: "AllowVnetInBound",
    priority: 65000,
    direction: "Inbound",
    access: "Allow",
    sources: ["VirtualNetwork"],
    destinations: ["VirtualNetwork"],
  }),
  rule({
    name: "AllowAzureLoadBalancerInBound",
    priority: 65001,
    direction: "Inbound",
    access: "Allow",
    sources: ["AzureLoadBalancer"],
  }),
  rule({ name: "DenyAllInBound", priority: 65500, direction: "Inbound", access: "Deny" }),
  rule({
    name: "AllowVnetOutBound",
    priority: 65000,
    direction: "Outbound",
    access: "Allow",
    sources: ["VirtualNetwork"],
    destinations: ["VirtualNetwork"],
  }),
  rule({
    name: "AllowInternetOutBound",
    priority: 65001,
    direction: "Outbound",
    access: "Allow",
    destinations: ["Internet"],
  }),
  rule({ name: "DenyAllOutBound", priority: 65500, direction: "Outbound", access: "Deny" }),
];

export function machine(
  network: VirtualNetwork,
  subnet: number,
  address: string,
  more: Partial<Machine> = {},
): Machine {
  return {
    id: `/vm/${address}`,
    name: `vm-${address}`,
    hostName: "host",
    networkId: network.id,
    subnetId: network.subnets[subnet]?.id ?? "",
    address,
    image: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
    cpus: 1,
    memory: 512,
    adminUser: "platform",
    sshKeys: [],
    powered: true,
    generation: 0,
    scripts: [],
    tags: {},
    ...more,
  };
}

export function world(given: Partial<World>): World {
  return {
    revision: 1,
    networks: [],
    machines: [],
    loadBalancers: [],
    publicAddresses: [],
    zones: [],
    scaleSets: [],
    ...given,
  };
}

/** Answers every request with its name and the client's address; `/health` by what `healthy` was last set to. */
export class StandIn {
  readonly namespace: string;
  private readonly child: ChildProcess;
  private constructor(namespace: string, child: ChildProcess) {
    this.namespace = namespace;
    this.child = child;
  }

  static async start(namespace: string, port: number, name: string): Promise<StandIn> {
    const program = `let healthy = true;
      process.stdin.on("data", (data) => { healthy = String(data).trim().endsWith("up"); }).on("end", () => process.exit());
      require("http").createServer((request, response) => {
        if (request.url === "/health") response.statusCode = healthy ? 200 : 503;
        response.end(${JSON.stringify(name)} + " " + request.socket.remoteAddress + "\\n");
      }).listen(${port}, "0.0.0.0", () => console.log("ready"));`;
    const [command = "", ...args] = [...inside(namespace), process.execPath, "-e", program];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise((resolve, reject) => child.stdout.once("data", resolve) && child.once("exit", reject));
    return new StandIn(namespace, child);
  }

  set healthy(up: boolean) {
    this.child.stdin?.write(up ? "up\n" : "down\n");
  }

  stop(): void {
    this.child.kill("SIGKILL");
  }
}

/** What a client in a namespace gets from a URL, or how it failed. */
export async function ask(namespace: string, url: string, seconds = 1): Promise<string> {
  const { status, stdout } = await run([...inside(namespace), "curl", "-sS", "--max-time", String(seconds), url], {
    accept: [7, 28, 35, 52, 56],
  });
  return status === 0 ? stdout.trim() : ({ 7: "refused", 28: "timeout" }[status] ?? `failed (${status})`);
}

export function namespaceOf(given: Machine): string {
  return machineNamespace(given.id);
}

/** Waits until a condition holds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`after ${seconds} s still not: ${what}`);
}
