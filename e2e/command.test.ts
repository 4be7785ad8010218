import { expect, test } from "vitest";
import { run } from "./command.ts";

test("a command's output and status are told, whatever the status is", async () => {
  expect(await run(["sh", "-c", "echo out; echo err >&2; exit 3"])).toMatchObject({
    status: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
});

test("a command whose time is up ends with everything that it started", async () => {
  // The sleeper holds the output open: where only the shell were ended, the result would wait for the sleeper.
  const result = await run(["sh", "-c", "sleep 20 & echo started; wait"], { seconds: 0.3, apart: true });
  expect(result).toMatchObject({ status: null, stdout: "started\n" });
  expect(result.seconds).toBeLessThan(5);
});
