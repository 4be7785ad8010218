import { expect, test } from "vitest";
import { readEvent, writeRequest } from "./protocol.ts";

test("a request is one line, whatever a script has in it", () => {
  const line = writeRequest({ do: "run", request: 1, script: "echo 'a\nb'\n\u2028" });
  expect(line.indexOf("\n")).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({ do: "run", request: 1, script: "echo 'a\nb'\n\u2028" });
});

test("an event is read with its fields", () => {
  expect(readEvent('{"event":"beat"}')).toEqual({ event: "beat" });
  expect(readEvent('{"event":"ready","ready":true}')).toEqual({ event: "ready", ready: true });
  const script = { event: "script", id: "s", sequence: "1", exitStatus: 3, stderr: "no" };
  expect(readEvent(JSON.stringify(script))).toEqual(script);
});

test.each([
  "",
  "no JSON",
  "null",
  "[]",
  '"beat"',
  '{"event":"toString"}',
  '{"event":"ready"}',
  '{"event":"ready","ready":"yes"}',
  '{"event":"script","id":"s","sequence":1,"exitStatus":0,"stderr":""}',
  '{"event":["beat"]}',
  '{"event":"health","state":"Fine"}',
])("what a machine writes and is not an event is passed over: %s", (line) => {
  expect(readEvent(line)).toBeUndefined();
});
