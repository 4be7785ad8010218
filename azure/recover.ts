/**
 * `bin/recover`: after a `pulumi up` that was killed, takes into the stack's state what it had begun to make. Pulumi
 * itself asks for the ID of each such resource; here they follow from the state.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text as textOf } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { inOwnSession, passSignals } from "./orderly.ts";
import { unread, withPendingCreates, type Export } from "./pendingCreates.ts";

const help = `Usage: bin/recover <stack>

After a pulumi up that was killed: takes into the stack's state what Azure has of that which was being made (pulumi
stack import, then refresh of these resources), and forgets what Azure has not. The next pulumi up makes the rest.
Changes nothing in Azure. Where it fails or is interrupted, run it again before anything else.

No other Pulumi may work on the stack; where the one that was killed left its lock: pulumi cancel --stack <stack>
ARM_SUBSCRIPTION_ID names the subscription of a stack that had nothing in it yet.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false } },
  });
  if (values.help) return console.log(help);
  const [stack, ...more] = positionals;
  if (stack === undefined || more.length > 0)
    throw new Error(`given ${positionals.length} stacks, allowed is one\n\n${help}`);
  const text = await state(stack);
  const exported = JSON.parse(text) as Export;
  const completed = withPendingCreates(exported, process.env["ARM_SUBSCRIPTION_ID"]);
  if (completed) {
    if ((await state(stack)) !== text) throw new Error(`stack ${stack} has just changed: a Pulumi works on it`);
    await pulumi(["stack", "import", "--stack", stack], JSON.stringify(completed));
  }
  const targets = unread(completed ?? exported);
  if (targets.length === 0) return console.log(`stack ${stack}: nothing of Azure's was being made`);
  console.log(`stack ${stack}: looking for what was being made:\n  ${targets.join("\n  ")}`);
  const only = targets.flatMap((urn) => ["--target", urn]);
  await pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack, ...only]);
}

const state = (stack: string) => output(["stack", "export", "--stack", stack]);

async function output(args: string[]): Promise<string> {
  const child = spawn("pulumi", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [content] = await Promise.all([textOf(child.stdout), ended(child, args)]);
  return content;
}

/** Runs a command that changes the state. */
async function pulumi(args: string[], input = ""): Promise<void> {
  const child = spawn(...inOwnSession(["pulumi", ...args]), {
    stdio: ["pipe", "inherit", "inherit", "pipe"],
    detached: true,
  });
  const stopped = passSignals(child);
  child.stdin!.on("error", () => {}).end(input);
  await ended(child, args);
  if (stopped() !== undefined) throw new Error("interrupted; run this again");
}

async function ended(child: ReturnType<typeof spawn>, args: string[]): Promise<void> {
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  if (status !== 0)
    throw new Error(`pulumi ${args.slice(0, 2).join(" ")} ended with ${signal ?? status}; run this again`);
}

try {
  await main();
} catch (error) {
  console.error(`bin/recover: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
