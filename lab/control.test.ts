import { mkdtempSync, rmSync } from "node:fs";
import { request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { controlServer } from "./control.ts";

const directory = mkdtempSync(join(tmpdir(), "lab-control-"));
const socketPath = join(directory, "socket");
let server: Server;
const given: unknown[] = [];
beforeEach(async () => {
  given.length = 0;
  server = controlServer({
    status: () => {
      throw new Error("the world is not there");
    },
    serialLog: (id) => Promise.resolve(`boot of ${id}`),
    limits: (change) => {
      given.push(change);
      if (change !== undefined && !("reset" in (change as object))) throw new Error("cores: what is allowed");
      return { limits: {} };
    },
    take: () => Promise.resolve(void given.push("take")),
  });
  await new Promise<void>((done) => server.listen(socketPath, done));
});
afterEach(() => {
  server.close();
  rmSync(socketPath, { force: true });
});

const ask = (path: string, body?: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { agent: false, socketPath, path, method: body === undefined ? "GET" : "POST" },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode!, text }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });

test("a console's log is answered as text, and the limits as JSON", async () => {
  expect(await ask("/serial/%2Fsubscriptions%2Fs")).toEqual({ status: 200, text: "boot of /subscriptions/s" });
  expect(await ask("/limits")).toEqual({ status: 200, text: '{"limits":{}}' });
  expect(await ask("/limits", '{"reset":true}')).toMatchObject({ status: 200 });
  expect(given).toEqual([undefined, { reset: true }]);
});

test("what throws is answered with its message, and the next request is answered too", async () => {
  expect(await ask("/status")).toEqual({ status: 500, text: "the world is not there" });
  expect(await ask("/limits", '{"cores":[]}')).toEqual({ status: 500, text: "cores: what is allowed" });
  expect((await ask("/limits", "{")).status).toBe(500);
  expect(await ask("/else")).toMatchObject({ status: 404 });
  expect(await ask("/limits")).toMatchObject({ status: 200 });
});

test("what was kept is taken over before it answers", async () => {
  expect(await ask("/take", "{}")).toEqual({ status: 200, text: "" });
  expect(given).toEqual(["take"]);
  expect((await ask("/take")).status).toBe(404);
});
