/**
 * Clients outside of every network, until standard input ends: `clientsProcess.ts PLAN`, a ClientsPlan as JSON. A name is
 * looked up for each request, by the resolver of the client, with nothing kept on the way.
 */
import { createWriteStream, readFileSync } from "node:fs";
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../../dns/ask.ts";
import type { ClientRecord, ClientsPlan } from "./clients.ts";

const plan = JSON.parse(process.argv[2] ?? "{}") as ClientsPlan;
const ca = readFileSync(plan.caFile);
const out = createWriteStream(plan.out, { flags: "a" });
const timeoutMs = 10_000;

let isEnded = false;
process.stdin.on("end", () => (isEnded = true)).resume();

async function lookUp(resolver: string, host: string): Promise<string> {
  const { rcode, answers = [] } = await ask({ name: resolver, address: resolver, port: 53 }, host, "A", true);
  const [address] = answers.flatMap((answer) => (answer.type === "A" ? [answer.data] : []));
  if (address === undefined) throw new Error(`${resolver} tells no address of ${host}: ${rcode}`);
  return address;
}

function get(host: string, address: string, cookie?: string): Promise<Pick<ClientRecord, "status" | "side">> {
  return new Promise((resolve, reject) => {
    const headers = { host, ...(cookie === undefined ? {} : { cookie }) };
    const options = { host: address, servername: host, port: 443, path: "/", headers, ca, agent: false };
    const sent = request({ ...options, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      const side = answer.headers["x-answered-by"] === "old-host" ? "legacy" : "tier";
      answer.on("error", reject).on("end", () => resolve({ status: answer.statusCode ?? 0, side }));
      answer.resume();
    });
    sent.on("error", reject).end();
  });
}

type Client = Pick<ClientRecord, "host" | "keeping" | "number"> & { address: () => string | Promise<string> };

async function once({ address: find, ...client }: Client): Promise<void> {
  const began = Date.now();
  let address: string | undefined;
  let found: Pick<ClientRecord, "status" | "side" | "error">;
  try {
    address = await find();
    found = await get(
      client.host,
      address,
      client.number === undefined ? undefined : `platform_share=${client.number}`,
    );
  } catch (error) {
    found = { error: (error as Error).message };
  }
  const record: ClientRecord = { began, ended: Date.now(), ...client, ...(address && { address }), ...found };
  out.write(`${JSON.stringify(record)}\n`);
}

const clients: Client[] = [
  ...plan.resolvers.flatMap(({ keeping, resolver }) =>
    plan.hosts.map((host) => ({ host, keeping, address: () => lookUp(resolver, host) })),
  ),
  ...plan.numbers.flatMap((number) =>
    Object.entries(plan.told).map(([host, address]) => ({ host, number, address: () => address })),
  ),
];
await Promise.all(
  clients.map(async (client, index) => {
    // Not all at the same moment.
    await sleep((index / clients.length) * plan.everySeconds * 1000);
    while (!isEnded) {
      await once(client);
      await sleep(plan.everySeconds * 1000);
    }
  }),
);
await new Promise((done) => out.end(done));
