/** What is asked of dev about deployments: nobody notices one, and a bad release is away before anybody met it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cap, exitStatus } from "../deployments/capistrano.ts";
import { publishRelease } from "../deployments/releases.ts";
import { on, status } from "../commands.ts";
import { root } from "../paths.ts";
import { quoted } from "../shell.ts";
import { names } from "./groupStatus.ts";
import { failuresDuring } from "./underLoad.ts";

const www = "http://www.dev.chatbot.example/";
const load = [`19 GET ${www}`, `1 POST ${www} {"text":"{{id}}"}`];

/** A program, and its arguments with spaces between them. */
type SudoCase = [program: string, words: string];
const sudo = JSON.parse(readFileSync(join(root, "ansible", "tests", "deploy_sudo.json"), "utf8")) as {
  allowed: SudoCase[];
  refused: SudoCase[];
};

/** What the front machines have, and what is deployed: each release once. */
async function releases(): Promise<string[]> {
  const found = await Promise.all(
    names("front", await status("dev")).map(async (name) => {
      const { stdout, output, status: ended } = await on(name, "sudo", "platform-release", "status");
      expect(ended, output).toBe(0);
      const { front } = JSON.parse(stdout) as Record<string, { release: string; deployed?: string }>;
      return [front?.release, front?.deployed ?? "nothing"];
    }),
  );
  return [...new Set(found.flat())].map(String);
}

/** Of the commands, those that sudo lets the user of deployments run on the machine; none is run. */
async function allowed(machine: string, commands: SudoCase[]): Promise<SudoCase[]> {
  const asked = commands.map(([program, words], index) => {
    const command = [program, ...words.split(" ").filter(Boolean)].map(quoted).join(" ");
    return `sudo -n -l -U deploy ${command} >/dev/null 2>&1 && echo ${index}`;
  });
  const { stdout, output, status: ended } = await on(machine, "sudo", "sh", "-c", quoted(`${asked.join("\n")}\ntrue`));
  expect(ended, output).toBe(0);
  return commands.filter((_, index) => stdout.split("\n").includes(String(index)));
}

/** Registers the questions as tests, in their order. They leave front on a release of the store. */
export function deployment(): void {
  let deployed: string;

  test("sudo lets the user of deployments put releases to use, and do nothing else", async () => {
    const [front = ""] = names("front", await status("dev"));
    expect(await allowed(front, [...sudo.allowed, ...sudo.refused])).toEqual(sudo.allowed);
  });

  test("a release is deployed under load, and no request fails, POST included", async () => {
    deployed = await publishRelease("dev", "front", "a good one");
    const failures = await failuresDuring(load, async () => {
      const { status: ended, output } = await cap("dev", "deploy", "front", deployed);
      expect(ended, output).toBe(exitStatus.done);
    });
    expect(failures).toEqual([]);
    expect(await releases()).toEqual([deployed]);
  }, 300_000);

  test("a release that answers errors is on one machine only, out of rotation, and gone; nobody met it", async () => {
    const bad = await publishRelease("dev", "front", "a bad one", "500");
    const failures = await failuresDuring(load, async () => {
      const { status: ended, output } = await cap("dev", "deploy", "front", bad);
      expect(ended, output).toBe(exitStatus.wentBack);
      expect(output).toContain("500");
    });
    expect(failures).toEqual([]);
    expect(await releases()).toEqual([deployed]);
  }, 300_000);
}
