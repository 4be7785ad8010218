/** What a new daemon finds of a machine that does not run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Machine } from "../../world.ts";
import type { Boot } from "./boot.ts";
import { hostBoot, machinePaths, writeRecord } from "./files.ts";
import { Lifecycle } from "./lifecycle.ts";

const id = "/machines/a";
const boot: Boot = { began: 1000, attempts: 1 };
const now = hostBoot();

let stateDir: string;
let lifecycle: Lifecycle;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  lifecycle = new Lifecycle({ stateDir, caFile: "", log: () => {} });
});
afterEach(() => rmSync(stateDir, { recursive: true }));

/** `exit`: how systemd-nspawn ended, unless it was killed. */
function ensure(record: { switchedOn?: string; boot?: Boot }, exit?: number) {
  const paths = machinePaths(stateDir, id);
  mkdirSync(paths.dir, { recursive: true });
  writeRecord(paths, { id, generation: 1, image: "/image", ...record });
  if (exit !== undefined) writeFileSync(paths.exit, `${exit}\n`);
  return lifecycle.ensure({ id, name: "a", generation: 1, powered: true } as Machine);
}

test("one that lost its host while it booted waits for service healing", async () => {
  const stays = { need: "stay", boot: { ...boot, reason: "it lost its power" } };
  expect(await ensure({ switchedOn: now, boot })).toEqual(stays);
  expect(await ensure({ switchedOn: now, boot }, 137)).toEqual(stays);
});

test("one that powered itself off before it was up stays off", async () => {
  const reason = "it powered itself off before it was up";
  expect(await ensure({ switchedOn: now, boot }, 0)).toEqual({ need: "stay", boot: { ...boot, reason } });
});

test.each([1, 133])("one whose boot ended with status %i is tried again", async (status) => {
  expect(await ensure({ switchedOn: now, boot }, status)).toEqual({ need: "boot", boot });
});

test("one that waited for its next attempt, or that the host's last boot had, is switched on", async () => {
  expect(await ensure({ boot })).toMatchObject({ need: "boot", boot });
  expect(await ensure({ switchedOn: "another boot", boot })).toEqual({ need: "boot" });
});

test("one that was up, and ended, is left to service healing", async () => {
  expect(await ensure({ switchedOn: now })).toEqual({ need: "none" });
  expect(await ensure({ switchedOn: now }, 0)).toEqual({ need: "none" });
});
