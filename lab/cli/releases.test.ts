import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { machinePaths } from "../fabric/machine/files.ts";
import { drifts, releasesOn } from "./releases.ts";

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), "releases-"))));
afterEach(() => rmSync(stateDir, { recursive: true }));

test("a machine tells what current points to for each of its applications", () => {
  const folder = join(machinePaths(stateDir, "/machines/a").upper, "srv");
  for (const name of ["front", "admin", "half"]) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync("releases/20261101000000", join(folder, "admin", "current"));
  symlinkSync("releases/20261102000000-aaaaaaaaaaaa", join(folder, "front", "current"));
  expect(releasesOn(stateDir, "/machines/a")).toEqual({
    admin: "20261101000000",
    front: "20261102000000-aaaaaaaaaaaa",
  });
  expect(releasesOn(stateDir, "/machines/none")).toEqual({});
});

test("machines of a tier that differ are told, and no others", () => {
  const machine = (name: string, tier: string, release: string) => ({ name, tier, releases: { [tier]: release } });
  const same = [machine("a", "front", "1"), machine("b", "front", "1"), machine("c", "back", "2")];
  expect(drifts(same)).toEqual([]);
  expect(drifts([...same, machine("d", "front", "2"), machine("e", "front", "2")])).toEqual([
    "front of tier front: 1 on a, b; 2 on d, e",
  ]);
});
