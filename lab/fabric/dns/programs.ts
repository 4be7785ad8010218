/**
 * Programs of Debian's packages knot, nsd and unbound, which `bin/setup lab` unpacks into the cache: installed, they would
 * run as services of the host.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

export type DnsProgram = "knotd" | "nsd" | "nsd-checkzone" | "unbound" | "unbound-control";

/** Path of the program. */
export function dnsProgram(name: DnsProgram): string {
  const path = join(process.env.DNS_HOME ?? "", "usr", "sbin", name);
  if (process.env.DNS_HOME === undefined || !existsSync(path))
    throw new Error(`${name} is not there: given DNS_HOME=${process.env.DNS_HOME ?? ""}; run bin/setup lab`);
  return path;
}
