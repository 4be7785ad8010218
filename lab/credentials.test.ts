import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

let state: string;
let stackSecret: (name: string, fields?: string[]) => string;
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "lab-test-"));
  vi.stubEnv("LAB_STATE", state);
  ({ stackSecret } = await import("./credentials.ts"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(state, { recursive: true });
});

test("a secret is made once per name, at random, and only root can read it", () => {
  const key = stackSecret("apiKey");
  expect(key).toMatch(/^[\w-]{32}$/);
  expect(stackSecret("apiKey")).toBe(key);
  expect(stackSecret("other")).not.toBe(key);
  expect(statSync(join(state, "secrets")).mode & 0o077).toBe(0);
  expect(statSync(join(state, "secrets", "apiKey")).mode & 0o077).toBe(0);
});

test("a secret with fields is a JSON object with a login of the database, and gets fields that are asked for later", () => {
  const parsed = (...fields: string[]) => JSON.parse(stackSecret("databaseLogin", fields)) as Record<string, string>;
  const login = parsed("password", "user");
  expect(login).toEqual({ user: "platform_a", password: expect.stringMatching(/^[\w-]{32}$/) as unknown });
  expect(parsed("user")).toEqual(login);
  expect(parsed("token", "user")).toEqual({ ...login, token: expect.stringMatching(/^[\w-]{32}$/) as unknown });
});

test("databasePassword is the one that the lab's credentials hold already", () => {
  writeFileSync(join(state, "credentials.json"), JSON.stringify({ databasePassword: "as it was" }));
  expect(stackSecret("databasePassword")).toBe("as it was");
});

test.each(["", "../arm", "a b", "9"])("a name that no configuration key can have is refused: %j", (name) => {
  expect(() => stackSecret(name)).toThrow("allowed are names such as databaseLogin");
});
