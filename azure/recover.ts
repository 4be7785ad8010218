/**
 * `bin/recover`: after a `pulumi up` that was killed, takes into the stack's state what it had begun to make. Pulumi
 * itself asks for the ID of each such resource; here they follow from the state.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { withPendingCreates, type Export } from "./pendingCreates.ts";

const help = `Usage: bin/recover <stack>

After a pulumi up that was killed: takes into the stack's state what Azure has of that which was being made (pulumi
stack import, then refresh), and forgets what Azure has not. The next pulumi up makes the rest. Changes nothing in
Azure.
ARM_SUBSCRIPTION_ID names the subscription of a stack that had nothing in it yet.`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [stack, ...more] = positionals;
  if (stack === undefined || more.length > 0)
    throw new Error(`given ${positionals.length} stacks, allowed is one\n\n${help}`);
  const exported = spawnSync("pulumi", ["stack", "export", "--stack", stack], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (exported.error) throw exported.error;
  if (exported.status !== 0) throw new Error(exported.stderr.trim());
  const state = withPendingCreates(JSON.parse(exported.stdout) as Export, process.env["ARM_SUBSCRIPTION_ID"]);
  if (!state) {
    console.log(`stack ${stack}: nothing was being made`);
    return 0;
  }
  const imported = spawnSync("pulumi", ["stack", "import", "--stack", stack], {
    input: JSON.stringify(state),
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (imported.status !== 0) return imported.status ?? 1;
  const refresh = ["refresh", "--yes", "--skip-preview", "--stack", stack];
  return spawnSync("pulumi", refresh, { stdio: "inherit" }).status ?? 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`bin/recover: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
