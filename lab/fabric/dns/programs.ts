/** Name servers and resolvers that `bin/setup lab` unpacks into the cache, with the libraries that they need. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export type DnsProgram = "knotd" | "nsd" | "nsd-checkzone" | "unbound" | "unbound-control";

/** Path of the program. */
export function dnsProgram(name: DnsProgram): string {
  const home = process.env.DEBIAN_HOME;
  const path = join(home ?? "", "bin", name);
  if (home === undefined || !existsSync(path))
    throw new Error(`${name} is not there: given DEBIAN_HOME=${home ?? ""}; run bin/setup lab`);
  return path;
}
