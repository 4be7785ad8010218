/**
 * Runs ansible-playbook with the arguments given, for the command provider: passes its output on as it comes, in lines
 * that the provider can take, and ends with the machines and tasks that failed, which the provider shows as the error.
 *
 *     cd ansible && node ../configuration/runPlaybook.ts -i inventory/dev.yml playbooks/site.yml
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunReader } from "./ansibleOutput.ts";

/** The project's own tools stand before others. */
const tools = process.env["PLATFORM_TOOLS"] ?? join(import.meta.dirname, "..", ".venv", "bin");
const environment = {
  ...process.env,
  PATH: existsSync(tools) ? `${tools}:${process.env["PATH"] ?? ""}` : process.env["PATH"],
  PYTHONUNBUFFERED: "1",
};

// One pipe for both streams keeps a failure behind the heading of its task.
const run = spawn("sh", ["-c", 'exec ansible-playbook "$@" 2>&1', "sh", ...process.argv.slice(2)], {
  stdio: ["ignore", "pipe", "inherit"],
  env: environment,
});

const reader = new RunReader();
const print = (lines: string[]) => {
  for (const line of lines) process.stdout.write(`${line}\n`);
};

run.stdout.setEncoding("utf8");
run.stdout.on("data", (chunk: string) => print(reader.read(chunk)));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => run.kill(signal));
}

run.on("close", (code, signal) => {
  print(reader.end());
  if (code === 0) return;
  const summary = reader.summary();
  const ending = signal ? `was stopped by ${signal}` : `ended with status ${code ?? "unknown"}`;
  const help = code === 127 ? "ansible-playbook was not found on PATH; run `make setup`\n" : "";
  process.stderr.write(`${help}${summary === "" ? "" : `${summary}\n`}ansible-playbook ${ending}\n`);
  process.exitCode = code ?? 1;
});
