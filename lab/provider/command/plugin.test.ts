/** The command plugin with real processes. */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ResourceRequest } from "../plugin/plugin.ts";
import { Secret, unknown } from "../plugin/values.ts";
import type { Properties } from "../plugin/values.ts";
import { Lines } from "./execute.ts";
import { Command } from "./plugin.ts";

function setUp() {
  const lines: string[] = [];
  const plugin = new Command("1.2.1", { progress: (_, line) => void lines.push(line), flush: () => Promise.resolve() });
  return { lines, plugin, directory: mkdtempSync(join(tmpdir(), "command-test-")) };
}

function request(more: Partial<ResourceRequest>): ResourceRequest {
  const type = "command:local:Command";
  return {
    urn: `urn:pulumi:dev::p::${type}::it`,
    type,
    id: "it1",
    inputs: {},
    oldInputs: {},
    state: {},
    preview: false,
    timeout: 0,
    ...more,
  };
}

test("A command runs on creation; its output is kept and told line by line.", async () => {
  const { plugin, lines, directory } = setUp();
  const inputs = {
    create: "echo one; echo two; echo bad >&2; printf '%s' \"$A\"; cat; pwd",
    environment: { A: "x" },
    stdin: "in\n",
    dir: directory,
  };
  const { id, state } = await plugin.create(request({ inputs }));
  expect(id).toMatch(/^it[0-9a-f]{8}$/);
  expect(state).toEqual({ ...inputs, stdout: `one\ntwo\nxin\n${directory}`, stderr: "bad" });
  expect(lines.filter((line) => line !== "bad")).toEqual(["one", "two", "xin", directory]);
  expect(lines).toContain("bad");
});

test.each([
  ["none", []],
  ["stdout", ["out"]],
  ["stderr", ["err"]],
])("logging: %s tells %j.", async (logging, told) => {
  const { plugin, lines } = setUp();
  const { state } = await plugin.create(request({ inputs: { create: "echo out; echo err >&2", logging } }));
  expect(lines).toEqual(told);
  expect(state).toMatchObject({ stdout: "out", stderr: "err" });
});

test("An interpreter gets the command as its last argument.", async () => {
  const { state } = await setUp().plugin.create(
    request({ inputs: { create: "process.stdout.write('hello')", interpreter: ["node", "-e"] } }),
  );
  expect(state["stdout"]).toBe("hello");
});

test("A failing command tells its exit status and what it said.", async () => {
  const failing = setUp().plugin.create(request({ inputs: { create: "echo halfway; echo why >&2; exit 3" } }));
  await expect(failing).rejects.toThrow('exit status 3: running "echo halfway; echo why >&2; exit 3":\nhalfway\nwhy\n');
  await expect(
    setUp().plugin.create(request({ inputs: { create: "true", interpreter: ["/no/such"] } })),
  ).rejects.toThrow("ENOENT");
});

test("An update runs `update`, else `create`, and sees the output before.", async () => {
  const { plugin } = setUp();
  const state = { stdout: "before", stderr: "worse" };
  const shows = 'echo "$PULUMI_COMMAND_STDOUT-$PULUMI_COMMAND_STDERR"';
  const update = (inputs: Properties) => plugin.update(request({ inputs, state }));
  expect((await update({ create: "exit 1", update: shows }))["stdout"]).toBe("before-worse");
  expect((await update({ create: shows }))["stdout"]).toBe("before-worse");
  expect((await update({ create: shows, addPreviousOutputInEnv: false }))["stdout"]).toBe("-");
  expect(await update({ delete: "true" })).toEqual({ delete: "true", ...state });
});

test("A deletion runs `delete` of the state, with its environment; without one nothing runs.", async () => {
  const { plugin, directory } = setUp();
  const state = {
    delete: "echo $A $PULUMI_COMMAND_STDOUT > bye",
    environment: { A: "x" },
    dir: directory,
    stdout: "before",
  };
  await plugin.delete(request({ state, inputs: { delete: "exit 1" } }));
  expect(readFileSync(join(directory, "bye"), "utf8")).toBe("x before\n");
  await plugin.delete(request({ state: { create: "exit 1" } }));
});

test("A preview runs nothing, and does not know the output.", async () => {
  const { plugin, directory } = setUp();
  const inputs = { create: "touch made", dir: directory };
  expect((await plugin.create(request({ inputs, preview: true }))).state).toEqual({
    ...inputs,
    stdout: unknown,
    stderr: unknown,
  });
  expect((await plugin.update(request({ inputs, preview: true, state: { stdout: "a" } })))["stdout"]).toBe(unknown);
  expect(existsSync(join(directory, "made"))).toBe(false);
});

test("Triggers replace, everything else updates.", () => {
  const { plugin } = setUp();
  const olds = { create: "a", environment: { A: "1" }, triggers: ["x", { y: 1 }] };
  const diff = (news: Properties) => [
    ...plugin.diff(request({ oldInputs: olds, inputs: { ...olds, ...news } })).differences,
  ];
  expect(diff({ triggers: ["x", { y: 2 }] })).toEqual([["triggers[1].y", { kind: "update", replace: true }]]);
  expect(diff({ triggers: ["x"] })).toEqual([["triggers[1]", { kind: "delete", replace: true }]]);
  expect(diff({ environment: { A: "2" } })).toEqual([["environment.A", { kind: "update", replace: false }]]);
  expect(diff({})).toEqual([]);
});

test("One secret among the inputs makes the output secret.", async () => {
  const { plugin } = setUp();
  const inputs = { create: "echo $A", environment: { A: new Secret("hidden") } };
  expect((await plugin.create(request({ inputs }))).state).toEqual({
    ...inputs,
    stdout: new Secret("hidden"),
    stderr: new Secret(""),
  });
});

test("Cancelling ends the command with all that it started.", async () => {
  const { plugin, directory, lines } = setUp();
  const running = plugin.create(
    request({ inputs: { create: "(sleep 30; touch survived) & echo $! ; wait", dir: directory } }),
  );
  await expect.poll(() => lines.length).toBe(1);
  plugin.cancel();
  await expect(running).rejects.toThrow("signal: SIGTERM");
  // A process that is gone, or that nobody has buried yet, has no command line.
  await expect
    .poll(() => {
      const file = `/proc/${lines[0]}/cmdline`;
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    })
    .toBe("");
});

test("Wrong inputs are reported all at once.", () => {
  const { failures } = setUp().plugin.check({
    urn: "",
    name: "it",
    type: "command:local:Command",
    olds: {},
    randomSeed: new Uint8Array(),
    news: { create: 1, environment: { A: 2 }, logging: "loud", assetPaths: ["*"], colour: "red" },
  });
  expect(failures.map(({ property }) => property)).toEqual([
    "create",
    "environment",
    "logging",
    "assetPaths",
    "colour",
  ]);
});

test("Lines end where they end, whatever the pieces in which they come; endless ones are cut short.", () => {
  const lines: string[] = [];
  const cutter = new Lines((line) => lines.push(line));
  const text = Buffer.from("one\ntwö\nlast");
  for (const byte of text) cutter.write(Buffer.of(byte));
  cutter.end();
  expect(lines).toEqual(["one", "twö", "last"]);
  cutter.write(Buffer.from("x".repeat(100_000)));
  cutter.write(Buffer.from("x".repeat(100_000)));
  cutter.end();
  expect(lines.at(-1)).toHaveLength(Lines.longest);
});
