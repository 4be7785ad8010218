import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VerdictStore } from "./verdictStore.ts";

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "lab-test-"));
});
afterEach(() => rmSync(state, { recursive: true }));

const verdict = (machineId: string, up: boolean) => ({ probeId: "/probe", machineId, up });

test("a new daemon knows the verdicts that were saved, and nothing of other machines", () => {
  const store = new VerdictStore(state);
  store.set(verdict("/a", false));
  store.set(verdict("/a", true));
  store.save();
  const next = new VerdictStore(state);
  expect(next.all()).toEqual([verdict("/a", true)]);
  expect(next.isUp("/probe", "/a")).toBe(true);
  expect(next.isUp("/probe", "/b")).toBeUndefined();
});

test("verdicts on what is probed no more are forgotten, for the next daemon too", () => {
  const store = new VerdictStore(state);
  for (const id of ["/a", "/b"]) store.set(verdict(id, true));
  expect(store.keep([verdict("/b", true)])).toBe(true);
  expect(store.keep([verdict("/b", true)])).toBe(false);
  expect(new VerdictStore(state).all()).toEqual([verdict("/b", true)]);
});
