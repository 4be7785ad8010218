/**
 * Runs ansible-playbook with the arguments given, for the command provider: passes its output on as it comes, in lines
 * that the provider can take, and ends with the machines and tasks that failed, which the provider shows as the error.
 * Where nothing failed but machines were lost in mid-run, it runs once more.
 *
 *     cd ansible && node ../configuration/runPlaybook.ts -i inventory/dev.yml playbooks/environment.yml
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fold, lostMachines, summarize } from "./runOutput.ts";

/** The project's own tools stand before others. */
const tools = process.env["PLATFORM_TOOLS"] ?? join(import.meta.dirname, "..", ".venv", "bin");
const directory = mkdtempSync(join(tmpdir(), "platform-run-"));
/** Written by `ansible/callback_plugins/failures.py`. */
const failures = join(directory, "failures");
const environment = {
  ...process.env,
  PATH: existsSync(tools) ? `${tools}:${process.env["PATH"] ?? ""}` : process.env["PATH"],
  PYTHONUNBUFFERED: "1",
  PLATFORM_FAILURES: failures,
};

/** A run in which machines are lost ends early. The next one leaves them out; more would only keep everyone waiting. */
const mostRuns = 2;
let running: ChildProcess | undefined;
let stopped = false;
function stop(signal: NodeJS.Signals): void {
  stopped = true;
  running?.kill(signal);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(signal));
// A provider that was killed ends nothing, and the next `pulumi up` makes a run of its own: two at a time would be in each
// other's way.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) stop("SIGTERM");
}, 1000).unref();
process.stdout.on("error", () => stop("SIGTERM"));
process.stderr.on("error", () => {});

function start(run: number): void {
  // One pipe for both streams keeps a failure behind the heading of its task.
  const child = spawn("sh", ["-c", 'exec ansible-playbook "$@" 2>&1', "sh", ...process.argv.slice(2)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: environment,
  });
  running = child;
  createInterface({ input: child.stdout }).on("line", (line) => {
    for (const piece of fold(line)) process.stdout.write(`${piece}\n`);
  });
  child.on("close", (code, signal) => {
    const failed = existsSync(failures) ? readFileSync(failures, "utf8") : "";
    const lost = code === 0 || stopped || signal ? [] : lostMachines(failed);
    if (lost.length > 0 && run < mostRuns) {
      process.stdout.write(`\nlost in mid-run: ${lost.join(", ")}; once more, with the machines that answer\n`);
      rmSync(failures);
      start(run + 1);
    } else {
      end(code, signal, failed);
    }
  });
}

function end(code: number | null, signal: NodeJS.Signals | null, failed: string): void {
  rmSync(directory, { recursive: true });
  if (code === 0) return;
  const ending = signal ? `was stopped by ${signal}` : `ended with status ${code ?? "unknown"}`;
  const help = code === 127 ? "ansible-playbook was not found on PATH; run `make setup`\n" : "";
  process.stderr.write(`${help}${summarize(failed)}ansible-playbook ${ending}\n`);
  process.exitCode = code ?? 1;
}

// Told by the program: there is no way to the machines yet, and it has said so.
const leftOut = process.env["PLATFORM_LEFT_OUT"];
if (leftOut) {
  process.stdout.write(`left out: the machines are reached through ${leftOut}, which does not stand yet\n`);
  rmSync(directory, { recursive: true });
} else {
  start(1);
}
