/** The process of the clients, at a name server and a host of this machine's own: both at their ports, hence by root. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decode, encode } from "dns-packet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { authority } from "../authority.ts";
import { oldHostServer } from "../fabric/oldHost/server.ts";
import { clientFailed, readClientRecords, type ClientsPlan } from "./clients.ts";

const stateDir = vi.hoisted(() => (process.env.LAB_STATE = `/tmp/lab-clients-${process.pid}`));
const address = "127.77.0.1";
const host = "www.dev.chatbot.example";
const names = createSocket("udp4");
let server: ReturnType<typeof oldHostServer>;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "clients-"));
  names.on("message", (bytes, { port, address: sender }) => {
    const { id = 0, questions = [] } = decode(bytes);
    const answers = [
      { type: "CNAME" as const, name: host, data: "old-host.example", ttl: 5 },
      { type: "A" as const, name: "old-host.example", data: address, ttl: 5 },
    ];
    names.send(encode({ type: "response", id, questions, answers }), port, sender);
  });
  names.bind(53, address);
  await once(names, "listening");
  server = oldHostServer([{ name: host, ...authority().issue(`old-${host}`, [`DNS:${host}`]) }]);
  server.listen(443, address);
  await once(server, "listening");
});
afterAll(() => {
  server.close();
  names.close();
  rmSync(directory, { recursive: true });
  rmSync(stateDir, { recursive: true });
});

test("clients follow a name through its alias, browsers go where they were told, and all end with their input", async () => {
  const plan: ClientsPlan = {
    resolvers: [{ keeping: "honours", resolver: address }],
    hosts: [host],
    numbers: [5],
    // The old host has no certificate for the second one.
    told: { [host]: address, "other.example": address },
    everySeconds: 0.2,
    caFile: authority().caFile,
    out: join(directory, "clients.jsonl"),
  };
  const program = join(import.meta.dirname, "clientsProcess.ts");
  const child = spawn(process.execPath, [program, JSON.stringify(plan)], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "exit");
  await sleep(3000);
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
  const records = readClientRecords(readFileSync(plan.out, "utf8"));
  const [followed, told, refused] = [
    records.filter(({ keeping }) => keeping === "honours"),
    records.filter((one) => one.number === 5 && one.host === host),
    records.filter((one) => one.host === "other.example"),
  ];
  for (const some of [followed, told, refused]) expect(some.length).toBeGreaterThan(3);
  for (const one of [...followed, ...told]) expect(one).toMatchObject({ address, status: 200, side: "legacy" });
  expect(refused.filter((one) => !clientFailed(one))).toEqual([]);
});
