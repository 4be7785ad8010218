import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let directory: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  env = { ...process.env, LAB_STATE: join(directory, "state") };
});
afterEach(() => rmSync(directory, { recursive: true }));

const main = join(import.meta.dirname, "main.ts");
const lab = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { env, encoding: "utf8", timeout: 20_000 });

describe("help", () => {
  test.each([["--help"], ["-h"], ["help"]])("of the lab: %s", (...args) => {
    expect(lab(...args)).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: bin/lab") as string });
  });
  test.each([["pulumi", "--help"], ["pulumi", "-h"], ["pulumi"]])(
    "%s %s starts nothing, and tells of Pulumi's own help",
    (...args) => {
      const { status, stdout } = lab(...args);
      expect(status).toBe(0);
      expect(stdout).toContain("Pulumi's own help: bin/lab pulumi help");
      expect(existsSync(join(directory, "state"))).toBe(false);
    },
  );
  test("of delivery is told before anything is started", () => {
    expect(lab("delivery", "--help").stdout).toContain("Its own help: bin/lab delivery help [command]");
    expect(lab("delivery", "preview", "--help").stdout).toContain("Usage: bin/delivery preview");
    expect(existsSync(join(directory, "state"))).toBe(false);
  });
  test("of image tells each way, and breaks nothing", () => {
    const { status, stdout } = lab("image", "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/exits +its init exits at once\n +hangs .*\n +whole /);
    expect(existsSync(join(directory, "state"))).toBe(false);
  });
  test("of vault tells each state, and breaks nothing", () => {
    const { status, stdout } = lab("vault", "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/away +connections .*\n +throttled +every request .*\n +whole /);
    expect(existsSync(join(directory, "state"))).toBe(false);
  });
  test("of Pulumi is its own, and starts nothing", () => {
    mkdirSync(join(directory, "bin"));
    writeFileSync(join(directory, "bin", "pulumi"), '#!/bin/sh\necho pulumi "$@"\n', { mode: 0o755 });
    env.PATH = `${join(directory, "bin")}:${process.env.PATH}`;
    expect(lab("pulumi", "stack", "--help").stdout).toBe("pulumi stack --help\n");
    expect(lab("pulumi", "help", "up").stdout).toBe("pulumi help up\n");
    expect(existsSync(join(directory, "state"))).toBe(false);
  });
});

test("limits --help tells the forms of its options by examples", () => {
  const { stdout } = lab("limits", "--help");
  expect(stdout).toContain("bin/lab limits --cores westeurope=20 westeurope/standardBsv2Family=10");
  expect(stdout).toContain("--new-subscription");
});

// Commands other than help are for root.
test.runIf(process.getuid?.() === 0)("a log is read as far as the reader wants it, without an error", () => {
  mkdirSync(join(directory, "state"));
  writeFileSync(join(directory, "state", "arm.log"), "a line of the log\n".repeat(100_000));
  const { stdout, stderr } = spawnSync("bash", ["-c", `"$0" "$1" log arm | head -1`, process.execPath, main], {
    env,
    encoding: "utf8",
  });
  expect(stdout).toBe("a line of the log\n");
  expect(stderr).toBe("");
});

test.each(["up", "preview", "destroy"])(
  "%s --help tells how Pulumi's own arguments are given, and which stacks exist",
  (name) => {
    const { stdout } = lab(name, "--help");
    expect(stdout).toContain(`bin/lab ${name} dev -- --target URN`);
    expect(stdout).toMatch(/Pulumi\.<stack>\.yaml: dev, /);
  },
);

test.each(["up", "destroy"])("%s takes --yes", (name) => {
  expect(lab(name, "--help").stdout).toContain("-y, --yes");
});

test.runIf(process.getuid?.() === 0)("an option of Pulumi without -- is refused with how to give it", () => {
  const { status, stderr } = lab("destroy", "dev", "--refresh");
  expect(status).toBe(1);
  expect(stderr).toContain("unknown option '--refresh'");
  expect(stderr).toContain("go after --: bin/lab destroy dev -- --target URN");
});

test.runIf(process.getuid?.() === 0)("an unknown stack is refused with those that exist and the file to write", () => {
  const { status, stderr } = lab("up", "staging");
  expect(status).toBe(1);
  expect(stderr).toMatch(/there is no stack "staging"; stacks of this project: dev, .*write .*Pulumi\.staging\.yaml/);
});
