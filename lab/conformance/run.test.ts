/** The program that asks Azure, here against the lab's server over TLS. */
import { execFile, type ChildProcess, type ExecFileException } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client, subscription, tenant, TestLab } from "./labTarget.ts";

const lab = new TestLab();
const directory = mkdtempSync(join(tmpdir(), "conformance-run-"));
const json = join(directory, "outcome.json");

beforeAll(async () => {
  await lab.start();
  writeFileSync(join(directory, "ca.crt"), lab.certificates.ca);
});
afterAll(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true });
});

interface Ended {
  code: number;
  output: string;
}

const run = (...args: string[]): Promise<Ended> => start(args, (child) => child.stdin!.end("no\n"));

function start(args: string[], use: (child: ChildProcess) => void): Promise<Ended> {
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: join(directory, "ca.crt"),
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: client.id,
    AZURE_CLIENT_SECRET: client.secret,
    AZURE_AUTHORITY_HOST: lab.endpoint,
  };
  const program = join(import.meta.dirname, "run.ts");
  const where = ["--subscription", subscription, "--endpoint", lab.endpoint];
  return new Promise((resolve) => {
    const ended = (error: ExecFileException | null, out: string, err: string): void =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, output: out + err });
    use(execFile(process.execPath, [program, ...where, ...args], { env }, ended));
  });
}

test("cases are asked, told, counted and written, and their groups are removed", async () => {
  const { code, output } = await run("--filter", "network/peering", "--yes", "--json", json);
  expect(output).toMatch(/about \d+\.\d\d US dollars/);
  expect(output).toContain(
    "ok   network/peeringConnected.yml: Both peerings are Connected when the second one is there",
  );
  expect(output).toMatch(/^\d+ ok, 0 failed, 0 not run$/m);
  expect(code).toBe(0);
  const outcomes = JSON.parse(readFileSync(json, "utf8")) as { file: string; differences: string[] }[];
  expect(outcomes).toContainEqual(expect.objectContaining({ file: "network/peeringConnected.yml", differences: [] }));
  expect(lab.arm.resources()).toEqual([]);
}, 60_000);

test("a case that does not hold is told with what was expected and what came, and the run fails", async () => {
  mkdirSync(join(directory, "cases", "network"), { recursive: true });
  writeFileSync(
    join(directory, "cases", "network", "wrong.yml"),
    [
      "title: A group that nobody made is there",
      "evidence: { kind: guess, why: it is a wrong case for this test }",
      'request: { method: GET, path: "{group}/providers/Microsoft.Network/virtualNetworks/x" }',
      "expect: { status: 200 }",
    ].join("\n"),
  );
  const { code, output } = await run("--directory", join(directory, "cases"), "--yes");
  expect(output).toMatch(/^FAIL network\/wrong\.yml: A group that nobody made is there$/m);
  expect(output).toMatch(/expected status 200, got 404: .*ResourceNotFound/);
  expect(code).toBe(1);
  expect(lab.arm.resources()).toEqual([]);
}, 60_000);

test("a run that is stopped removes its groups", async () => {
  const { code, output } = await start(["--filter", "network/", "--yes"], (child) =>
    child.stdout!.on("data", (data) => !child.killed && /^ok /m.test(String(data)) && child.kill("SIGINT")),
  );
  expect(output).toContain("Stopping: the resource groups are removed first.");
  expect(output).toMatch(/^\d+ ok, 0 failed, [1-9]\d* not run$/m);
  expect(code).toBe(1);
  const { body } = await lab.call("GET", `/subscriptions/${subscription}/resourcegroups?api-version=2024-03-01`);
  expect(body).toEqual({ value: [] });
}, 60_000);

test("nothing is made when the question is not answered with yes", async () => {
  const revision = lab.arm.world().revision;
  const { code, output } = await run("--filter", "network/peering");
  expect(output).toContain("Make them? [y/N]");
  expect(code).toBe(1);
  expect(lab.arm.world().revision).toBe(revision);
}, 60_000);
