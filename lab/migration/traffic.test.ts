import { expect, test } from "vitest";
import { loadArguments } from "../chaos/load.ts";
import { readClientRecords, clientFailed } from "./clients.ts";
import { loadPlan } from "./traffic.ts";

const plan = { rate: 50, longestSeconds: 60, seed: 1, timeoutSeconds: 10 };

test("the load asks the hosts that it has been told about at that address, whatever names say", () => {
  const told = { "www.dev.chatbot.example": "198.51.100.40", "api.dev.chatbot.example": "198.51.100.40" };
  const made = loadPlan(told, plan);
  expect(made.targets).toEqual([
    "95 GET http://www.dev.chatbot.example/",
    '5 POST http://www.dev.chatbot.example/ {"text":"{{id}}"}',
    "95 GET http://api.dev.chatbot.example/",
  ]);
  expect(made.newConnections).toBe(true);
  expect(loadArguments(made, "out").join(" ")).toContain(
    "--resolve www.dev.chatbot.example:198.51.100.40 --resolve api.dev.chatbot.example:198.51.100.40",
  );
});

test("a client failed without an answer, or with a bad one; a half line is not read", () => {
  const line = { began: 1, ended: 2, host: "www.dev.chatbot.example", keeping: "caps", status: 200 };
  const records = readClientRecords(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, status: 502 })}\n{"beg`);
  expect(records.map(clientFailed)).toEqual([false, true]);
  expect(clientFailed({ ...line, keeping: "caps", error: "ECONNREFUSED" })).toBe(true);
});
