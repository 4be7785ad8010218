/**
 * Runs ansible-playbook with the arguments given, for the command provider: passes its output on as it comes, in lines
 * that the provider can take, and ends with the machines and tasks that failed, which the provider shows as the error.
 *
 *     cd ansible && node ../configuration/runPlaybook.ts -i inventory/dev.yml playbooks/site.yml
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fold, summarize } from "./runOutput.ts";

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

// One pipe for both streams keeps a failure behind the heading of its task.
const run = spawn("sh", ["-c", 'exec ansible-playbook "$@" 2>&1', "sh", ...process.argv.slice(2)], {
  stdio: ["ignore", "pipe", "inherit"],
  env: environment,
});
createInterface({ input: run.stdout }).on("line", (line) => {
  for (const piece of fold(line)) process.stdout.write(`${piece}\n`);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => run.kill(signal));
}

run.on("close", (code, signal) => {
  const summary = existsSync(failures) ? summarize(readFileSync(failures, "utf8")) : "";
  rmSync(directory, { recursive: true });
  if (code === 0) return;
  const ending = signal ? `was stopped by ${signal}` : `ended with status ${code ?? "unknown"}`;
  const help = code === 127 ? "ansible-playbook was not found on PATH; run `make setup`\n" : "";
  process.stderr.write(`${help}${summary}ansible-playbook ${ending}\n`);
  process.exitCode = code ?? 1;
});
