/** What a confined job sees of this machine. Needs root; touches nothing of the lab's. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, run } from "../../e2e/command.ts";
import type { confined as Confined } from "./confine.ts";

let directory: string;
let confined: typeof Confined;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  process.env.LAB_STATE = join(directory, "state");
  for (const name of ["state", "staging", "job", "shared"]) mkdirSync(join(directory, name), { mode: 0o777 });
  await run(["chmod", "-R", "a+rwX", directory]);
  writeFileSync(join(directory, "state", "secret"), "secret", { mode: 0o644 });
  ({ confined } = await import("./confine.ts"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const script = (text: string, read: string[] = []) =>
  run(confined(["sh", "-c", text], join(directory, "staging"), [join(directory, "job")], read), { cwd: "/" });

test("a job is nobody, and can become nobody else", async () => {
  expect((await script("id -un; id -G; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status")).stdout).toBe(
    "nobody\n65534\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n",
  );
});

test("it does not see what the lab keeps, nor the folders of users", async () => {
  const { stdout } = await script(
    `ls -A ${join(directory, "state")} /home; cat ${join(directory, "state", "secret")} || echo gone`,
  );
  expect(stdout).not.toContain("secret");
  expect(stdout).toContain("gone");
});

test("it writes its own folder, and what it may only read stays as it is", async () => {
  const shared = join(directory, "shared");
  await script(`echo done >${join(directory, "job", "file")}; echo bad >${shared}/file || true`, [shared]);
  expect(readFileSync(join(directory, "job", "file"), "utf8")).toBe("done\n");
  expect((await run(["ls", shared])).stdout).toBe("");
});

test("of several folders that it may write, each is the real one", async () => {
  const folders = ["job", "another one"].map((name) => join(directory, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  await run(["chown", "-R", "nobody:nogroup", ...folders]);
  const write = folders.map((folder) => `echo done >'${folder}/both'`).join(" && ");
  await run(confined(["sh", "-c", write], join(directory, "staging"), folders), { cwd: "/" });
  for (const folder of folders) expect(readFileSync(join(folder, "both"), "utf8")).toBe("done\n");
});

test("the checkout's tools run", async () => {
  const { stdout, stderr } = await script(
    `HOME=${join(directory, "job")} ${root}/.venv/bin/ansible-playbook --version`,
  );
  expect(stdout, stderr).toContain("ansible-playbook [core ");
});

test("nothing stays mounted", async () => {
  await script("true");
  expect((await run(["findmnt", "--noheadings", "--list", "--output", "TARGET"])).stdout).not.toContain(directory);
});
