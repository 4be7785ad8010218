/** What few clients meet while many others are a load: they follow names through resolvers, and keep cookies. Pure. */
import type { Side } from "./expectations.ts";

/** How a resolver keeps answers: as they say, for half a minute at most, for a quarter of an hour at least. */
export type Keeping = "honours" | "caps" | "ignores";

/** Clients of a resolver: each request looks the name up. */
export interface ResolverClients {
  keeping: Keeping;
  /** Address of the resolver. */
  resolver: string;
}

/** What the process of the clients is told. */
export interface ClientsPlan {
  resolvers: readonly ResolverClients[];
  /** Hosts that are asked for by their names, for the page that is for people. */
  hosts: readonly string[];
  /** Numbers below 100 that browsers have in their cookie. */
  numbers: readonly number[];
  /** Addresses that browsers have been told, by host. */
  told: Readonly<Record<string, string>>;
  /** Seconds between two requests of a client to a host. */
  everySeconds: number;
  /** Of authorities that are trusted. */
  caFile: string;
  /** Where a line of JSON is written for each request. */
  out: string;
}

/** What became of a request, from its beginning on; all are by HTTPS with a certificate that is checked. */
export interface ClientRecord {
  /** Milliseconds since 1970. */
  began: number;
  ended: number;
  host: string;
  /** One of the two: the resolver by which the name was looked up, or the number of a browser. */
  keeping?: Keeping;
  number?: number;
  /** Where it went; absent where no address was found. */
  address?: string;
  status?: number;
  side?: Side;
  error?: string;
}

/** Whether a client did not get what it asked for. */
export const clientFailed = ({ status, error }: ClientRecord): boolean =>
  error !== undefined || status === undefined || status < 200 || status >= 400;

/** The last line may be half written. */
export function readClientRecords(text: string): ClientRecord[] {
  const lines = text.split("\n");
  lines.pop();
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ClientRecord);
}
