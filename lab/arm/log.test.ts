import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Answer, Request } from "./http.ts";
import { logExchange } from "./log.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  file = join(directory, "arm.log");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What the log holds of an exchange. */
function logged(body: unknown, answer: Answer): string {
  const request: Request = {
    method: "POST",
    segments: [],
    path: "/subscriptions/s",
    query: new URLSearchParams(),
    headers: {},
    principalId: "",
    body,
    origin: "https://arm",
  };
  logExchange(file, request, answer, 1);
  return readFileSync(file, "utf8");
}

describe("of scripts the log has", () => {
  test("neither their text nor their parameters", () => {
    const body = {
      commandId: "RunShellScript",
      script: ["echo hunter2"],
      parameters: [{ name: "password", value: "hunter2" }],
    };
    const text = logged(body, { status: 202 });
    expect(text).not.toContain("hunter2");
    expect(text).toContain("*** (12 characters)");
  });
  test("not the output of run commands", () => {
    const message = "Enable succeeded: \n[stdout]\nhunter2\n[stderr]\nhunter2\n";
    const text = logged(undefined, {
      status: 200,
      body: { value: [{ code: "ProvisioningState/succeeded", message }] },
    });
    expect(text).not.toContain("hunter2");
    expect(text).toContain("Enable succeeded: ");
  });
  test("not what a failed extension printed, in an error or an instance view", () => {
    const message = "Enable failed: command terminated with exit status=3\n[stdout]\n\n[stderr]\nhunter2'.";
    const statuses = [{ code: "ProvisioningState/failed/3", level: "Error", message: "hunter2" }];
    const text = logged(undefined, {
      status: 200,
      body: { error: { code: "VMExtensionProvisioningError", message }, statuses },
    });
    expect(text).not.toContain("hunter2");
    expect(text).toContain("exit status=3");
  });
});

test("messages that are no output stay readable", () => {
  const body = { error: { code: "OperationNotAllowed", message: "The operation requires the VM to be running." } };
  expect(logged(undefined, { status: 409, body })).toContain("requires the VM to be running");
});

test("a large log is put aside once, in place of the one before", () => {
  writeFileSync(`${file}.1`, "older");
  writeFileSync(file, "");
  truncateSync(file, 17 * 1024 * 1024);
  logged(undefined, { status: 200 });
  expect(statSync(`${file}.1`).size).toBe(17 * 1024 * 1024);
  expect(readFileSync(file, "utf8")).toMatch(/^\{.*\}\n$/);
  expect(existsSync(`${file}.2`)).toBe(false);
});
