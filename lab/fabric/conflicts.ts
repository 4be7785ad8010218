/** Whether the host uses the addresses and the port that the lab wants for itself. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { internetBlock } from "./addresses.ts";
import { blockRange, overlaps } from "./ranges.ts";

interface RouteJson {
  dst: string;
  dev?: string;
  type?: string;
}

/** One sentence per block that the host has in use; the lab must not run then. `prefixes` are those of its networks. */
export function conflicts(prefixes: readonly string[] = []): string[] {
  const text = execFileSync("ip", ["-4", "-j", "route", "show", "table", "all"], { encoding: "utf8" });
  const routes = JSON.parse(text || "[]") as RouteJson[];
  return takenBlocks(routes, nameservers(readFileSync("/etc/resolv.conf", "utf8")), [internetBlock, ...prefixes]);
}

/** Whether nothing on the host listens on a TCP port. */
export function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

/** The addresses of a `resolv.conf`. */
export function nameservers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((match) => match[1] ?? "");
}

export function takenBlocks(
  routes: readonly RouteJson[],
  resolvers: readonly string[],
  wanted: readonly string[],
): string[] {
  return [...new Set(wanted)].flatMap((block) => {
    const route = routes.find(
      ({ dst, dev }) =>
        dst !== "default" &&
        dst !== "0.0.0.0" &&
        !dev?.startsWith("lab-") &&
        overlaps(blockRange(dst), blockRange(block)),
    );
    if (route) {
      return [
        `the lab needs ${block} for itself, but the host routes ${route.dst}${route.dev ? ` by ${route.dev}` : ""}` +
          " (`ip route show table all`); free it, or run the lab on another machine",
      ];
    }
    const resolver = resolvers.find((address) => overlaps(blockRange(address), blockRange(block)));
    return resolver
      ? [`the lab needs ${block} for itself, but the host's name server is ${resolver} (/etc/resolv.conf)`]
      : [];
  });
}
