import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holds } from "../polling.ts";
import { loadArguments, startLoad, type LoadPlan } from "./load.ts";
import { line, record } from "./testing/histories.ts";

const plan: LoadPlan = {
  namespace: "lab-outside",
  rate: 500,
  longestSeconds: 600,
  seed: 7,
  ids: "c1",
  targets: ["95 GET http://www/", '5 POST http://www/ {"text":"{{id}}"}'],
  within: ["198.51.100.0/24"],
  newConnections: true,
  timeoutSeconds: 10,
};
let folder: string;
let path: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chaos-"));
  program("ip", 'shift 3; exec "$@"');
  path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** A script on the path. `ip` stands for the one that enters a namespace. */
function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const soon = (condition: () => Promise<boolean> | boolean) =>
  holds(condition, { timeoutSeconds: 5, intervalSeconds: 0.05 });

test("a plan becomes the generator's arguments", () => {
  expect(loadArguments(plan, "out.jsonl")).toEqual([
    "--rate",
    "500",
    "--duration",
    "600s",
    "--timeout",
    "10s",
    "--seed",
    "7",
    "--ids",
    "c1",
    "--out",
    "out.jsonl",
    "--until-eof",
    "--workers",
    "7500",
    "--within",
    "198.51.100.0/24",
    "--new-connections",
    "--target",
    "95 GET http://www/",
    "--target",
    '5 POST http://www/ {"text":"{{id}}"}',
  ]);
});

test("no more requests are under way than a client's address has ports for", () => {
  const given = loadArguments({ ...plan, rate: 8000 }, "out.jsonl");
  expect(given[given.indexOf("--workers") + 1]).toBe("20000");
});

test("the generator is ended by a signal, and what it wrote last is read", async () => {
  const generator = program(
    "load",
    `trap 'echo ${JSON.stringify(line(record(1))).replaceAll("$", "\\$")} >>${folder}/history.jsonl; exit 0' TERM; echo ready >&2; while :; do sleep 0.05; done`,
  );
  const load = startLoad(generator, plan, folder);
  await soon(() => readFileSync(join(folder, "load.log"), "utf8").includes("ready"));
  expect(await load.records()).toEqual([]);
  await load.stop();
  expect(await load.records()).toEqual([record(1)]);
});

test("a generator that ends by itself is an error, with what it said", async () => {
  const load = startLoad(program("load", "echo 'load: www: no such host' >&2; exit 1"), plan, folder);
  await soon(() =>
    load.records().then(
      () => false,
      () => true,
    ),
  );
  await expect(load.records()).rejects.toThrow("the load generator has ended (status 1): load: www: no such host");
  await load.stop();
});
