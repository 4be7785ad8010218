import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepFromEnvironment, keepSetting, liveSettings } from "./liveSettings.ts";
import { secondsPerMinute } from "./settings.ts";

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "lab-settings-"));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

test("without a word the lab takes the less kind reading, and Azure's quarter of an hour in its own minutes", () => {
  expect(liveSettings(stateDir)).toEqual({
    missingHealth: "ignored",
    serviceHealingSeconds: 15 * secondsPerMinute,
    repairGraceSeconds: 30,
    vault: "whole",
    acme: "up",
    acmeDaySeconds: 86_400,
  });
});

test("what was set last holds, also for the next daemon: a command, or a variable at a daemon's start", () => {
  keepFromEnvironment(stateDir, { LAB_MISSING_HEALTH: "repaired", LAB_SERVICE_HEALING: "20" });
  expect(liveSettings(stateDir)).toMatchObject({ missingHealth: "repaired", serviceHealingSeconds: 20 });
  keepSetting(stateDir, "missingHealth", "ignored");
  keepFromEnvironment(stateDir, {});
  expect(liveSettings(stateDir)).toMatchObject({ missingHealth: "ignored", serviceHealingSeconds: 20 });
});

test("vaults stay away until somebody says that they are whole, also for the next daemon", () => {
  keepSetting(stateDir, "vault", "away");
  keepFromEnvironment(stateDir, {});
  expect(liveSettings(stateDir).vault).toBe("away");
  keepFromEnvironment(stateDir, { LAB_VAULT: "whole" });
  expect(liveSettings(stateDir).vault).toBe("whole");
  expect(() => keepSetting(stateDir, "vault", "toString")).toThrow("allowed is away, throttled or whole");
});

test("a value that is not allowed is refused with what is, and changes nothing", () => {
  keepSetting(stateDir, "serviceHealingSeconds", "20");
  expect(() => keepSetting(stateDir, "serviceHealingSeconds", "0")).toThrow(
    'bin/lab set: given "0", allowed is a number of seconds above 0',
  );
  expect(() => keepFromEnvironment(stateDir, { LAB_MISSING_HEALTH: "healed" })).toThrow(
    'LAB_MISSING_HEALTH: given "healed", allowed is ignored or repaired',
  );
  expect(liveSettings(stateDir)).toMatchObject({ missingHealth: "ignored", serviceHealingSeconds: 20 });
  writeFileSync(join(stateDir, "settings.json"), '{"missingHealth":"x"}');
  expect(() => liveSettings(stateDir)).toThrow(/settings\.json: given "x"/);
});
