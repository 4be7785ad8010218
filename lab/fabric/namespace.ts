/** Network namespaces: made, entered, described and removed. */
import { readdirSync } from "node:fs";
import { endProcesses } from "../signals.ts";
import { run } from "./host.ts";
import { shortHash } from "./names.ts";

/** What `ip` and `nft` say about a namespace, as far as the lab compares it with what should be. */
export interface NamespaceState {
  /** By interface name. */
  links: Map<string, { alias: string; up: boolean; addresses: string[] }>;
  /** `destination via gateway dev interface`, the gateway left out where there is none. */
  routes: Set<string>;
  /** Hash of the rules in force; empty when there are none. */
  rules: string;
}

/** Command prefix that runs a program in a namespace. */
export function inside(namespace: string): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`];
}

/** The lab's namespaces, found by their prefix. */
export function namespaces(prefix = "lab-"): string[] {
  try {
    return readdirSync("/run/netns")
      .filter((name) => name.startsWith(prefix))
      .sort();
  } catch {
    return [];
  }
}

const describe = `ip -j -batch - && \
{ nft list table ip lab 2>/dev/null | sed -n 's/.*comment "\\([0-9a-f]*\\)"$/\\1/p;/comment/q'; }`;

/** The namespace as it is; made when there is none, and made again when it was only half made. */
export async function ensureNamespace(namespace: string): Promise<NamespaceState> {
  if (namespaces(namespace).includes(namespace)) {
    const state = await readNamespace(namespace).catch(() => undefined);
    if (state) return state;
    await removeNamespace(namespace);
  }
  await run(["ip", "netns", "add", namespace]);
  return readNamespace(namespace);
}

export async function readNamespace(namespace: string): Promise<NamespaceState> {
  const { stdout } = await run([...inside(namespace), "sh", "-c", describe], { input: "addr\nlink\nroute\n" });
  return parseState(stdout);
}

interface AddressJson {
  ifname: string;
  flags: string[];
  addr_info?: { family: string; local: string }[];
}
interface LinkJson {
  ifname: string;
  ifalias?: string;
}
interface RouteJson {
  type?: string;
  dst: string;
  gateway?: string;
  dev?: string;
}

/** Reads the lines of addresses, links, routes (each JSON), and the rules' hash. */
export function parseState(text: string): NamespaceState {
  const [addresses = "[]", links = "[]", routes = "[]", rules = ""] = text
    .split("\n")
    .filter((line) => line.trim() !== "");
  const aliases = new Map((JSON.parse(links) as LinkJson[]).map(({ ifname, ifalias }) => [ifname, ifalias ?? ""]));
  return {
    links: new Map(
      (JSON.parse(addresses) as AddressJson[]).map((link) => [
        link.ifname,
        {
          alias: aliases.get(link.ifname) ?? "",
          up: link.flags.includes("UP"),
          addresses: (link.addr_info ?? []).filter(({ family }) => family === "inet").map(({ local }) => local),
        },
      ]),
    ),
    routes: new Set(
      (JSON.parse(routes) as RouteJson[]).map(({ type, dst, gateway, dev }) =>
        [type, dst, gateway && `via ${gateway}`, dev && `dev ${dev}`].filter((part) => part !== undefined).join(" "),
      ),
    ),
    rules: rules.trim(),
  };
}

/** Runs `ip` commands in a namespace, one per line, and stops at the first that fails. */
export async function ipBatch(namespace: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run(["ip", "-n", namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Sets kernel settings of a namespace, in the order given. */
export async function setKernel(namespace: string, settings: Record<string, string | number>): Promise<void> {
  const values = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  if (values.length > 0) await run([...inside(namespace), "sysctl", "-q", "-w", ...values]);
}

/** Sets kernel settings once, and marks that by the alias of `lo`: the settings' values may come from the host. */
export async function setKernelOnce(
  namespace: string,
  settings: Record<string, string | number>,
  state: NamespaceState,
): Promise<void> {
  const mark = shortHash(JSON.stringify(settings));
  if (state.links.get("lo")?.alias === mark) return;
  await setKernel(namespace, settings);
  await ipBatch(namespace, [`link set dev lo alias ${mark}`]);
}

/** Ends the processes in a namespace of the lab and removes it with its interfaces. */
export async function removeNamespace(namespace: string): Promise<void> {
  await endProcesses(async () => {
    const { stdout } = await run(["ip", "netns", "pids", namespace], { accept: [1, 255] });
    return stdout.split("\n").filter(Boolean).map(Number);
  }, 0.5);
  await run(["ip", "netns", "del", namespace], { accept: [1, 255] });
}
