import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../commands.ts";
import { breaking, changing, rebooting, reloading } from "./disturbances.ts";
import { FakeLab, machine, status } from "./testing/fakeLab.ts";
import { start } from "./testing/histories.ts";

const [front1, front2] = [machine("front", 1), machine("front", 2)] as const;
const both = () => status([front1, front2]);

describe("breaking a machine", () => {
  test("holds it broken, then mends it, in reverse order", async () => {
    const lab = new FakeLab({ status: both });
    expect(await breaking(["slow", "freeze"], 25)({ tools: lab, machine: front1 })).toBe(start);
    expect(lab.commands).toEqual([
      "kill front_1 slow",
      "kill front_1 freeze",
      "kill front_1 thaw",
      "kill front_1 fast",
    ]);
    expect(lab.clock.nowMs()).toBe(start + 25_000);
  });
  test("takes no time where nothing is mended", async () => {
    const lab = new FakeLab({ status: both });
    await breaking(["power"], 25)({ tools: lab, machine: front1 });
    expect(lab.commands).toEqual(["kill front_1 power"]);
    expect(lab.clock.nowMs()).toBe(start);
  });
  test("mends it also when everything shall end", async () => {
    const lab = new FakeLab({
      status: both,
      onCommand: (command) => {
        if (command.endsWith("link")) setTimeout(() => lab.clock.end(), 0);
      },
    });
    await expect(breaking(["link"], 25)({ tools: lab, machine: front1 })).rejects.toThrow("ended");
    expect(lab.commands).toEqual(["kill front_1 link", "kill front_1 join"]);
  });
  test("mends what may be done although it failed", async () => {
    const lab = new FakeLab({
      status: both,
      onCommand: (command) => {
        if (command.endsWith("process")) throw new Error("no answer");
      },
    });
    await expect(breaking(["full", "process"], 25)({ tools: lab, machine: front1 })).rejects.toThrow("no answer");
    expect(lab.commands).toEqual(["kill front_1 full", "kill front_1 process", "kill front_1 free"]);
  });
  test("does not ask for the mending of a machine that was replaced, but for that of any other", async () => {
    const onCommand = (command: string) => {
      if (command.endsWith("thaw")) throw new Error("no machine front_1");
    };
    await breaking(
      ["freeze"],
      25,
    )({ tools: new FakeLab({ status: () => status([front2]), onCommand }), machine: front1 });
    await breaking(
      ["freeze"],
      25,
    )({ tools: new FakeLab({ status: () => status([{ ...front1, state: "stopped" }]), onCommand }), machine: front1 });
    await expect(
      breaking(["freeze"], 25)({ tools: new FakeLab({ status: both, onCommand }), machine: front1 }),
    ).rejects.toThrow("no machine");
  });
});

test("a guest that hangs is reset after a while, unless it was replaced meanwhile", async () => {
  const lab = new FakeLab({ status: both });
  await breaking(["hang"], 90)({ tools: lab, machine: front1 });
  expect(lab.commands).toEqual(["kill front_1 freeze", "kill front_1 reset"]);
  expect(lab.clock.nowMs()).toBe(start + 90_000);
  const onCommand = (command: string) => {
    if (command.endsWith("reset")) throw new Error("no machine front_1");
  };
  const replaced = new FakeLab({ status: () => status([front2]), onCommand });
  await breaking(["hang"], 90)({ tools: replaced, machine: front1 });
});

test("a guest is told to reboot a moment later, so that the one who tells it hears that it will", async () => {
  const lab = new FakeLab({ status: both });
  expect(await rebooting({ tools: lab, machine: front1 })).toBe(start);
  expect(lab.commands).toEqual([
    "sudo front_1 systemd-run --quiet --on-active=1s --timer-property=AccuracySec=100ms systemctl reboot",
  ]);
});

describe("reloading a service", () => {
  test("is done on every machine of the kind and on no other, and tells how often", async () => {
    const lab = new FakeLab({ status: () => status([front1, front2, machine("back", 1)]) });
    await reloading("front", "nginx.service", "HUP", 0.1, 60)({ tools: lab });
    expect(lab.commands).toEqual(["sudo front_1 reload", "sudo front_2 reload"]);
    expect(lab.said).toContain("front_1: nginx.service reloaded 600 times in 60 s");
  });
  test("follows the beginning of the last reload, not its end, and ends in time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "chaos-"));
    try {
      // A reload that takes 50 ms itself.
      writeFileSync(join(folder, "systemctl"), "#!/bin/sh\nsleep 0.05\n");
      chmodSync(join(folder, "systemctl"), 0o755);
      let script = "";
      const lab = new FakeLab({ status: () => status([front1]) });
      lab.sudo = (_, given) => {
        script = given;
        return Promise.resolve("0");
      };
      await reloading("front", "nginx.service", "HUP", 0.1, 2)({ tools: lab });
      const { stdout, stderr, seconds } = await run(["sh", "-c", script], {
        env: { PATH: `${folder}:${process.env.PATH}` },
        seconds: 20,
      });
      expect(stderr).toBe("");
      // The end is told in whole seconds.
      expect(seconds).toBeLessThan(4);
      expect(Number(stdout)).toBeGreaterThan(5);
      expect(Number(stdout)).toBeLessThanOrEqual(21);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a changed variable is rolled out, and taken back also when the playbook failed", async () => {
  const lab = new FakeLab({ status: both });
  await changing("front", { js_kill_timeout: 16 })({ tools: lab });
  expect(lab.commands).toEqual(['playbook front {"js_kill_timeout":16}', "playbook front as it is"]);
  const failing = new FakeLab({
    status: both,
    onCommand: (command) => {
      if (command.includes("16")) throw new Error("unreachable");
    },
  });
  await expect(changing("front", { js_kill_timeout: 16 })({ tools: failing })).rejects.toThrow("unreachable");
  expect(failing.commands).toHaveLength(2);
});
