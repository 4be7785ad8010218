import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as plainRequest, type Server as PlainServer } from "node:http";
import { request, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { authority } from "../../authority.ts";
import { keepOldHostNames, oldHostNames } from "./oldHost.ts";
import { oldHostAnswer, oldHostServer } from "./server.ts";

const stateDir = vi.hoisted(() => (process.env.LAB_STATE = `/tmp/lab-old-host-${process.pid}`));

let server: Server;
let plain: PlainServer;
let ca: string;
const ask = (name: string, host = name, body = "") =>
  new Promise<{ status: number; said: Record<string, unknown> }>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const options = { host: "127.0.0.1", port, servername: name, ca, agent: false, path: "/a?b=c", headers: { host } };
    const sent = request({ ...options, method: body ? "POST" : "GET" }, (found) => {
      text(found).then(
        (said) => resolve({ status: found.statusCode ?? 0, said: JSON.parse(said) as Record<string, unknown> }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });

beforeAll(async () => {
  const signer = authority();
  ca = readFileSync(signer.caFile, "utf8");
  const known = ["www.chatbot.example", "*.chatbot.example"].map((name) => ({
    name,
    ...signer.issue(`old-${name.replace("*", "any")}`, [`DNS:${name}`]),
  }));
  server = oldHostServer(known);
  plain = createServer(oldHostAnswer(known));
  for (const one of [server, plain]) await new Promise<void>((done) => void one.listen(0, "127.0.0.1", done));
});
afterAll(() => {
  server.close();
  plain.close();
  rmSync(stateDir, { recursive: true });
});

describe("the host from before", () => {
  test("answers by HTTPS, with a certificate of the lab's authority, what it is and how it was asked", async () => {
    expect(await ask("www.chatbot.example", undefined, "hello")).toMatchObject({
      status: 200,
      said: { service: "old-host", scheme: "https", host: "www.chatbot.example", path: "/a?b=c", body: "hello" },
    });
    expect((await ask("api.chatbot.example")).status).toBe(200);
  });
  test("refuses the handshake for names that it has no certificate for", async () => {
    for (const name of ["www.other.example", "a.b.chatbot.example"]) await expect(ask(name)).rejects.toThrow();
  });
  test("says that another host is none of its own", async () => {
    expect((await ask("www.chatbot.example", "www.other.example")).status).toBe(421);
  });
  test("answers by HTTP as well", async () => {
    const { port } = plain.address() as AddressInfo;
    const found = await new Promise<string>((resolve, reject) => {
      plainRequest({ host: "127.0.0.1", port, headers: { host: "www.chatbot.example" }, agent: false }, (answer) => {
        text(answer).then(resolve, reject);
      }).end();
    });
    expect(JSON.parse(found)).toMatchObject({ service: "old-host", scheme: "http" });
  });
});

test("its names are kept, and what is no name is refused and changes nothing", () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-names-"));
  try {
    expect(oldHostNames(directory)).toEqual(["old-host.example"]);
    keepOldHostNames(directory, ["www.chatbot.example", "*.chatbot.example"]);
    expect(() => keepOldHostNames(directory, ["https://www.chatbot.example"])).toThrow(
      /given https:\/\/www\.chatbot\.example, allowed are DNS names/,
    );
    expect(oldHostNames(directory)).toEqual(["old-host.example", "www.chatbot.example", "*.chatbot.example"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
