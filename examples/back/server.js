/**
 * back: keeps messages in PostgreSQL, each with the intent that machine learning finds in it.
 *
 * PORT        where to listen
 * INTENT_URL  machine learning's private load balancer
 * PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD   the database
 */
import http from "node:http";
import os from "node:os";
import { admit } from "./admit.js";
import { ask } from "./ask.js";
import * as messages from "./messages.js";
import { serve } from "./serve.js";

const { PORT = "4000", INTENT_URL } = process.env;
if (!INTENT_URL) throw new Error("INTENT_URL is not set: give the address of machine learning, for example http://127.0.0.1:5000");

const passedUntilHere = (request) => [...(request.headers.via ?? "").matchAll(/1\.1 ([^,\s]+)/g)].map((match) => match[1]).concat(os.hostname());

const INTENT_MILLISECONDS = 500;

/** A message without an intent is better than no message, or than a late one. */
async function intentOf(text, { deadline, signal }) {
  try {
    const url = `${INTENT_URL}/intent?text=${encodeURIComponent(text)}`;
    const { status, body } = await ask("GET", url, { deadline: Math.min(deadline, Date.now() + INTENT_MILLISECONDS), signal });
    return status === 200 ? body : undefined;
  } catch (error) {
    console.error(error.message);
    return undefined;
  }
}

async function textOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 20_000) throw Object.assign(new Error("A message has at most 10000 bytes"), { status: 413 });
    chunks.push(chunk);
  }
  const { text } = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof text !== "string" || !text.trim()) throw Object.assign(new Error("text must be a string with something in it"), { status: 400 });
  return text;
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://back");
  // Only of itself: a database that is away is no reason to replace this machine.
  if (pathname === "/health") return response.end("ok\n");
  if (!["/", "/messages"].includes(pathname)) return response.writeHead(404).end("Nothing here\n");
  const admitted = admit(request, response);
  if (!admitted) return;
  // Nobody works for a client that is gone, or past its deadline.
  const stillWanted = () => {
    admitted.signal.throwIfAborted();
    if (Date.now() > admitted.deadline) throw Object.assign(new Error("no time is left"), { status: 504 });
  };

  let stored;
  let learned;
  if (request.method === "POST") {
    const text = await textOf(request);
    learned = await intentOf(text, admitted);
    stillWanted();
    stored = await messages.add(text, learned?.intent);
  }
  stillWanted();
  const { database, latest } = await messages.read();
  const passed = [...passedUntilHere(request), `${process.env.PGHOST}(${database})`];
  const result = { service: "back", machine: os.hostname(), passed, stored, learned, messages: latest };
  response.writeHead(stored ? 201 : 200, { "content-type": "application/json" });
  response.end(`${JSON.stringify(result)}\n`);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (response.destroyed) return;
    if (!error.status) console.error(`${request.method} ${request.url}: ${error.message}`);
    const status = error.status ?? (error instanceof SyntaxError ? 400 : 503);
    const later = status === 503 ? { "retry-after": "1" } : {};
    if (!response.headersSent) response.writeHead(status, { "content-type": "application/json", ...later });
    response.end(`${JSON.stringify({ service: "back", machine: os.hostname(), error: error.message })}\n`);
  });
});
serve(server, Number(PORT), messages.close);
