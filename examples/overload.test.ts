/** What front and back share: how they ask others, and how they refuse what is too much. */
import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

interface Options {
  deadline?: number;
  signal?: AbortSignal;
}
type Ask = (method: string, url: string, options?: Options) => Promise<{ status: number; body: unknown }>;
interface Admitted {
  deadline: number;
  signal: AbortSignal;
}
type Admit = (request: http.IncomingMessage, response: http.ServerResponse) => Admitted | undefined;

/** A module with counters of its own: one for each test. */
let copies = 0;
const own = (name: string) => import(`${join(import.meta.dirname, "front", name)}?${copies++}`) as Promise<unknown>;
const freshAsk = async () => ((await own("ask.js")) as { ask: Ask }).ask;
const freshAdmit = async () => ((await own("admit.js")) as { admit: Admit }).admit;

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server; `asked` are the methods of the requests that came to it. */
async function serve(answer: http.RequestListener) {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.method ?? "");
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}
const breaks: http.RequestListener = (request) => request.socket.destroy();
const outcome = (promise: Promise<unknown>) => promise.catch((error: Error) => error);

test("an answer is never asked for again, whatever its status", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve((_, response) => response.writeHead(503).end("busy\n"));
  expect(await ask("GET", url)).toEqual({ status: 503, body: undefined });
  expect(asked).toEqual(["GET"]);
});

test("a connection that was made while the process was busy counts", async () => {
  const ask = await freshAsk();
  const { url } = await serve((_, response) => response.end());
  let connections = 0;
  servers.at(-1)?.on("connection", () => connections++);
  const asked = ask("GET", url);
  // The name is known, the connection is asked for, and for longer than it may take nothing else goes on.
  await new Promise(setImmediate);
  for (const end = Date.now() + 150; Date.now() < end; );
  expect((await asked).status).toBe(200);
  expect(connections).toBe(1);
});

test("a GET whose connection broke is sent once more, any other method is not", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve(breaks);
  expect(await outcome(ask("GET", url))).toBeInstanceOf(Error);
  expect(await outcome(ask("POST", url))).toBeInstanceOf(Error);
  expect(asked).toEqual(["GET", "GET", "POST"]);
});

test("of silence a GET is sent once more while there is time, and nothing is waited for past the deadline", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve(() => {});
  const begun = Date.now();
  expect(await outcome(ask("GET", url, { deadline: begun + 400 }))).toMatchObject({ status: 504 });
  expect(Date.now() - begun).toBeGreaterThan(350);
  expect(Date.now() - begun).toBeLessThan(800);
  expect(asked).toEqual(["GET", "GET"]);
});

test("while everything breaks one request in twenty is sent twice, and ten more", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve(breaks);
  for (let count = 0; count < 200; count++) await outcome(ask("GET", url));
  expect(asked.length).toBeGreaterThanOrEqual(215);
  expect(asked.length).toBeLessThanOrEqual(220);
});

test("many requests at a time are each sent once, however long the answers take", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve((_, response) => setTimeout(() => response.end("late"), 900));
  const answers = await Promise.all(Array.from({ length: 400 }, () => ask("POST", url)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(asked.length).toBe(400);
});

test("who asked has gone: the request is given up, and not sent again", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve(() => {});
  const gone = new AbortController();
  setTimeout(() => gone.abort(), 100);
  expect(await outcome(ask("GET", url, { signal: gone.signal }))).toMatchObject({ name: "AbortError" });
  expect(asked).toEqual(["GET"]);
});

/** A service that keeps what it takes in until it is told to answer. */
async function admitting() {
  const admit = await freshAdmit();
  const taken: { admitted: Admitted; response: http.ServerResponse }[] = [];
  const { url } = await serve((request, response) => {
    const admitted = admit(request, response);
    if (admitted) taken.push({ admitted, response });
  });
  return { url, taken };
}
const until = (condition: () => boolean) => expect.poll(condition).toBe(true);

test("what is more than the limit is refused at once, and there is room when an answer was sent or a client has gone", async () => {
  const { url, taken } = await admitting();
  const clients = Array.from({ length: 64 }, () => new AbortController());
  const answers = clients.map(({ signal }) => outcome(fetch(url, { signal })));
  await until(() => taken.length === 64);
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get("retry-after"), await refused.text()]).toEqual([503, "1", "busy\n"]);

  taken[0]?.response.end("done");
  const served = taken[0]?.admitted;
  await until(() => taken[0]?.response.closed === true);
  expect(served?.signal.aborted).toBe(false);
  clients[1]?.abort();
  await until(() => taken.some(({ admitted }) => admitted.signal.aborted));
  for (let count = 0; count < 2; count++) answers.push(outcome(fetch(url)));
  await until(() => taken.length === 66);
  expect((await fetch(url)).status).toBe(503);
});

test("the deadline is the client's; one that is told wrongly, or by a clock that is ahead, is at most as late as told", async () => {
  const { url, taken } = await admitting();
  const now = Date.now();
  const deadlineOf = async (start: string, timeout: string) => {
    const count = taken.length;
    void outcome(fetch(url, { headers: { "x-request-start": start, "x-request-timeout": timeout } }));
    await until(() => taken.length > count);
    return (taken[count]?.admitted.deadline ?? NaN) - now;
  };
  const seconds = (milliseconds: number) => `t=${((now + milliseconds) / 1000).toFixed(3)}`;
  expect(await deadlineOf(seconds(-100), "4000")).toBeCloseTo(3900, -1);
  for (const [start, timeout, wanted] of [
    [seconds(60_000), "4000", 4000],
    ["yesterday", "4000", 4000],
    [seconds(0), "soon", 10_000],
  ] as const) {
    const found = await deadlineOf(start, timeout);
    expect(found).toBeGreaterThanOrEqual(wanted - 10);
    expect(found).toBeLessThan(wanted + 1000);
  }
});

test("who is asked is told how long the answer is waited for", async () => {
  const ask = await freshAsk();
  const told: http.IncomingHttpHeaders[] = [];
  const { url } = await serve((request, response) => {
    told.push(request.headers);
    response.end();
  });
  const begun = Date.now();
  await ask("GET", url, { deadline: begun + 700 });
  const start = Number(/^t=(.*)$/.exec(told[0]?.["x-request-start"] as string)?.[1]) * 1000;
  expect(start).toBeGreaterThanOrEqual(begun - 1);
  expect(start + Number(told[0]?.["x-request-timeout"])).toBeCloseTo(begun + 700, -1);
});

test("an answer that is not what it says is not asked for again", async () => {
  const ask = await freshAsk();
  const { url, asked } = await serve((_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end("<html>"),
  );
  expect(await outcome(ask("GET", url))).toBeInstanceOf(Error);
  expect(asked).toEqual(["GET"]);
});

test("where nothing listens, attempts to connect have pauses between them, and an end", async () => {
  const ask = await freshAsk();
  const { url } = await serve(() => {});
  await new Promise((closed) => servers.pop()?.close(closed));
  const begun = Date.now();
  expect(await outcome(ask("POST", url))).toMatchObject({ code: "ECONNREFUSED" });
  expect(Date.now() - begun).toBeGreaterThan(250);
});

test("front and back have the same", async () => {
  for (const name of ["ask.js", "admit.js", "serve.js"]) {
    const [front, back] = await Promise.all(
      ["front", "back"].map((service) => readFile(join(import.meta.dirname, service, name), "utf8")),
    );
    expect(front, name).toBe(back);
  }
});
