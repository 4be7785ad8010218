/**
 * front: what a visitor meets. Shows the last messages that back keeps, and takes a new one.
 *
 * PORT      where to listen
 * BACK_URL  back's private load balancer
 */
import http from "node:http";
import os from "node:os";
import { admit, refuse } from "./admit.js";
import { ask } from "./ask.js";
import { page } from "./page.js";
import { serve } from "./serve.js";

const { PORT = "3000", BACK_URL } = process.env;
if (!BACK_URL) throw new Error("BACK_URL is not set: give the address of back, for example http://127.0.0.1:4000");

/** Machines that a request passed before it came here, from its Via headers, and this one. */
const passedUntilHere = (request) => [...(request.headers.via ?? "").matchAll(/1\.1 ([^,\s]+)/g)].map((match) => match[1]).concat(os.hostname());

async function text(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 10_000) throw Object.assign(new Error("A message has at most 10000 bytes"), { status: 413 });
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  return request.headers["content-type"]?.startsWith("application/json") ? JSON.parse(body).text : new URLSearchParams(body).get("text");
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://front");
  if (pathname === "/health") return response.end("ok\n");
  if (pathname !== "/") return response.writeHead(404).end("Nothing here\n");
  const admitted = admit(request, response);
  if (!admitted) return;

  const { deadline, signal } = admitted;
  const passed = passedUntilHere(request);
  const headers = { via: passed.map((machine) => `1.1 ${machine}`).join(", "), "content-type": "application/json" };
  const back =
    request.method === "POST"
      ? await ask("POST", `${BACK_URL}/messages`, { headers, body: JSON.stringify({ text: await text(request) }), deadline, signal })
      : await ask("GET", `${BACK_URL}/messages`, { headers, deadline, signal });
  if (back.status === 503) return refuse(response);

  const result = { service: "front", machine: os.hostname(), passed: back.body?.passed ?? passed, back: back.body };
  const wantsPage = request.headers.accept?.includes("text/html") && back.status < 400;
  if (wantsPage && request.method === "POST") return response.writeHead(303, { location: "/" }).end();
  response.writeHead(back.status, { "content-type": wantsPage ? "text/html; charset=utf-8" : "application/json" });
  response.end(wantsPage ? page(result) : `${JSON.stringify(result)}\n`);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (response.destroyed) return;
    if (!error.status) console.error(`${request.method} ${request.url}: ${error.message}`);
    const status = error.status ?? (error instanceof SyntaxError ? 400 : 502);
    if (!response.headersSent) response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ service: "front", machine: os.hostname(), error: error.message })}\n`);
  });
});
serve(server, Number(PORT));
