import { describe, expect, test } from "vitest";
import { between, failed, idempotent, readHistory, touched } from "./history.ts";
import { line, record, start } from "./testing/histories.ts";

describe("reading a history", () => {
  test("gives the records by their planned time, in milliseconds", async () => {
    const text =
      '{"planned":1796083200000500000,"sent":1796083200001000000,"latency":4.2,"method":"GET","status":200,"machine":"front1","passed":["proxy1","front1"]}';
    expect(await readHistory([line(record(2)), text])).toEqual([
      {
        planned: start + 0.5,
        sent: start + 1,
        latency: 4.2,
        method: "GET",
        status: 200,
        machine: "front1",
        passed: ["proxy1", "front1"],
      },
      record(2),
    ]);
  });
  test("takes a request that was not sent or had no answer as it is", async () => {
    const text =
      '{"planned":1796083200000000000,"latency":900,"method":"","status":0,"error":"not sent: all workers were busy"}';
    expect(await readHistory([text])).toEqual([
      { planned: start, latency: 900, method: "", status: 0, passed: [], error: "not sent: all workers were busy" },
    ]);
  });
  test("leaves out a last line that is incomplete, and refuses any other", async () => {
    expect(await readHistory([line(record(0)), '{"planned":17960'])).toHaveLength(1);
    await expect(readHistory([line(record(0)), '{"planned":17960', line(record(1))])).rejects.toThrow(
      "line 2 of the history",
    );
  });
  test("keeps one list of passed machines for all records that passed them", async () => {
    const [one, other] = await readHistory([line(record(0)), line(record(1))]);
    expect(one?.passed).toBe(other?.passed);
  });
});

test("a request failed when its answer is an error or none", () => {
  expect([0, 200, 201, 303, 404, 502].map((status) => failed(record(0, { status })))).toEqual([
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
});

test("a write is not idempotent, nor is what was not sent", () => {
  expect(["GET", "PUT", "POST", ""].map((method) => idempotent(record(0, { method })))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a machine has touched a request that it answered or passed on", () => {
  const given = record(0, { machine: "front1", passed: ["proxy1", "front1"] });
  expect(["proxy1", "front1", "front2"].map((hostName) => touched(given, hostName))).toEqual([true, true, false]);
});

test("a window has its beginning and not its end", () => {
  const records = [0, 1, 2, 3].map((seconds) => record(seconds));
  expect(between(records, start + 1000, start + 3000)).toEqual([record(1), record(2)]);
});
