import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = join(import.meta.dirname, "runPlaybook.ts");

let tools: string;
beforeEach(() => {
  tools = mkdtempSync(join(tmpdir(), "tools-"));
});
afterEach(() => rmSync(tools, { recursive: true }));

/** Runs the program with a shell script in place of ansible-playbook. */
function run(script: string, ...args: string[]) {
  const command = join(tools, "ansible-playbook");
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    env: { ...process.env, PLATFORM_TOOLS: tools, PLATFORM_SECRETS: '{"a":"b"}' },
  });
}

test("arguments and environment reach ansible-playbook, and its output comes through", () => {
  const result = run('echo "$@"; echo "$PLATFORM_SECRETS" >&2', "-i", "inventory/dev.yml", "playbooks/site.yml");
  expect([result.status, result.stdout, result.stderr]).toEqual([
    0,
    '-i inventory/dev.yml playbooks/site.yml\n{"a":"b"}\n',
    "",
  ]);
});

test("a failure ends with its status, and machine and task as the error", () => {
  const result = run(`echo 'TASK [nodejs : Install] ***'
echo 'fatal: [front1]: FAILED! => {"msg": "no such package"}' >&2
exit 2`);
  expect(result.status).toBe(2);
  expect(result.stderr).toBe(`front1: task "nodejs : Install" failed
    {"msg": "no such package"}
ansible-playbook ended with status 2
`);
});

test("a line of 200,000 characters comes in pieces that the provider takes", () => {
  const { stdout } = run("head -c 200000 /dev/zero | tr '\\0' x");
  const lines = stdout.trimEnd().split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(64 * 1024);
  expect(lines.join("").length).toBe(200_000);
});

test("a run that was killed is a failure", () => {
  const result = run("kill -TERM $$");
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain("ansible-playbook was stopped by SIGTERM");
});
