import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";

// A connection for each request that is under way: how many there are, who takes requests in has limited. Those that a
// burst leaves over are closed soon: a machine that comes back behind the address gets its share of new ones only.
const agent = new http.Agent({ keepAlive: true, timeout: 5_000 });
/** Inside a network a connection is there after a millisecond or two, or its other end is lost. */
const CONNECT_MILLISECONDS = 100;
/** Of the time that is left, and in milliseconds at most, what a first attempt gets where a second one may follow. */
const FIRST_SHARE = 0.4;
const FIRST_MILLISECONDS = 5_000;
const ATTEMPTS = 32;
/** Between attempts to connect, milliseconds: where nothing listens, the next one comes too soon to find somebody. */
const PAUSE_MILLISECONDS = 10;

/** Requests that may be sent a second time: one in twenty, and ten at once. Else a slow moment doubles the load. */
const BUDGET = 10;
const EARNED = 1 / 20;
let budget = BUDGET;

/**
 * Sends a request and gives { status, body }, the body parsed where it is JSON.
 *
 * The address is a load balancer's: each new connection may reach another machine behind it. So a connection that could
 * not be made is tried again whatever the method, for nothing was sent; a GET is also sent a second time when its
 * connection broke or nothing came. An answer is never asked for again, whatever its status.
 *
 * @param deadline When nobody waits for the answer any more, milliseconds since 1970.
 * @param signal Aborted when who asked has gone.
 */
export async function ask(method, url, { headers = {}, body, deadline = Date.now() + 10_000, signal } = {}) {
  budget = Math.min(BUDGET, budget + EARNED);
  let sentTwice = false;
  for (let attempt = 1; ; attempt++) {
    const left = deadline - Date.now();
    if (left <= 0) throw Object.assign(new Error(`${method} ${url}: no time is left`), { status: 504 });
    const patience = method === "GET" && !sentTwice ? Math.min(left * FIRST_SHARE, FIRST_MILLISECONDS) : left;
    try {
      return await askOnce(method, url, { ...headers, ...untilWhen(deadline) }, body, patience, signal);
    } catch (error) {
      if (signal?.aborted || attempt === ATTEMPTS) throw error;
      if (error.notSent) {
        await pause(PAUSE_MILLISECONDS);
        continue;
      }
      if (error.answered || method !== "GET" || sentTwice || budget < 1) throw error;
      budget -= 1;
      sentTwice = true;
    }
  }
}

/** Tells who is asked how long the answer is waited for. */
function untilWhen(deadline) {
  const now = Date.now();
  return { "x-request-start": `t=${(now / 1000).toFixed(3)}`, "x-request-timeout": String(Math.max(1, Math.round(deadline - now))) };
}

function askOnce(method, url, headers, body, patience, signal) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent, signal });
    let connected = false;
    const fail = (error) => reject(Object.assign(error, { notSent: !connected, message: `${method} ${url}: ${error.message}` }));

    // A process that was busy looks at its timers before its connections: one that is there by now, counts.
    const giveUp = () => connected || request.destroy(new Error("no connection"));
    let timer = setTimeout(() => setImmediate(giveUp), CONNECT_MILLISECONDS);
    const sent = () => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(Object.assign(new Error("no answer"), { status: 504 })), patience);
    };
    request.on("socket", (socket) => (socket.connecting ? socket.once("connect", sent) : sent()));
    request.on("error", fail);
    request.on("close", () => clearTimeout(timer));
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers["content-type"]?.startsWith("application/json");
        try {
          resolve({ status: response.statusCode, body: isJson ? JSON.parse(text) : undefined });
        } catch {
          fail(Object.assign(new Error(`answered ${response.statusCode} and something that is not JSON`), { answered: true }));
        }
      });
    });
    request.end(body);
  });
}
