/** Name servers and resolvers by address or name, with a port or without one. */
import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { isDnsName } from "../environment/hostNames.ts";
import { ask, ServerFailure, type Server } from "./ask.ts";

export const serverText = "an IPv4 address or a DNS name, with :port or without it, for example ns1.old.example";

/** Variable of the environment that names the resolver for names of name servers. Default: the system's. */
export const resolverVariable = "PLATFORM_DNS_RESOLVER";

interface Place {
  host: string;
  port: number;
}

function placeOf(text: string): Place {
  const [, host = "", port = "53"] = /^([^:]*?)\.?(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  if ((!isIPv4(host) && !isDnsName(host)) || Number(port) > 65_535 || Number(port) < 1)
    throw new Error(`name server: given ${text}, allowed is ${serverText}`);
  return { host, port: Number(port) };
}

/** The resolver that was named; undefined for the system's. */
export function resolverOf(text: string | undefined = process.env[resolverVariable]): Server | undefined {
  if (!text) return undefined;
  const { host, port } = placeOf(text);
  if (!isIPv4(host)) throw new Error(`resolver: given ${text}, allowed is an IPv4 address, with :port or without it`);
  return { name: text, address: host, port };
}

/**
 * All servers of some names: a name may have several addresses, and each is a server of its own.
 *
 * @param texts For example `ns1.old.example` or `127.0.0.1:5300`.
 * @param resolver Asked for the addresses. Default: the system's.
 * @throws Error that names the one which is none, or has no address.
 */
export async function serversOf(texts: readonly string[], resolver: Server | undefined): Promise<Server[]> {
  const servers = texts.map(async (name) => {
    const { host, port } = placeOf(name);
    const addresses = isIPv4(host) ? [host] : await addressesOf(host, resolver);
    const shown = (address: string) => (addresses.length === 1 ? name : `${name} (${address})`);
    return addresses.map((address) => ({ name: shown(address), address, port }));
  });
  return (await Promise.all(servers)).flat();
}

async function addressesOf(host: string, resolver: Server | undefined): Promise<string[]> {
  const who = resolver ? `the resolver ${resolver.name}` : "the system's resolver";
  const none = (why: string, cause?: unknown) =>
    new ServerFailure(`name server ${host}: ${who} tells no address: ${why}`, { cause });
  let addresses: string[];
  try {
    addresses = resolver
      ? await asked(host, resolver)
      : (await lookup(host, { all: true, family: 4 })).map((one) => one.address);
  } catch (error) {
    throw none((error as Error).message, error);
  }
  if (addresses.length === 0) throw none("there is none");
  return addresses.sort();
}

async function asked(host: string, resolver: Server): Promise<string[]> {
  const { rcode, answers = [] } = await ask(resolver, host, "A", true);
  if (rcode !== "NOERROR") throw new Error(rcode);
  return answers.flatMap((answer) => (answer.type === "A" ? [answer.data] : []));
}
