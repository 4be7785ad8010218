/** A server that stands for a machine's software, in the machine's namespace, and a client that asks it. */
import { type ChildProcess, spawn } from "node:child_process";
import { holds } from "../../polling.ts";
import type { Machine } from "../../world.ts";
import { run } from "../host.ts";
import { machineNamespace } from "../names.ts";
import { inside } from "../namespace.ts";

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
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const timeoutSeconds = 10;
  if (!(await holds(condition, { timeoutSeconds, intervalSeconds: 0.05 })))
    throw new Error(`after ${timeoutSeconds} s still not: ${what}`);
}
