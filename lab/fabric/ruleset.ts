/** The rules of one network namespace: one table, replaced as a whole, with the hash of its text as its comment. */
import { createHash } from "node:crypto";
import type { VirtualNetwork, World } from "../world.ts";
import { loadBalancerChain, type Verdict } from "./loadBalancer.ts";
import { firewallChains } from "./firewall.ts";
import { run } from "./host.ts";
import { inside } from "./namespace.ts";

/** The table's name in every namespace of the lab. */
export const table = "lab";

/** Everything that a network's router decides about packets. */
export function routerChains(world: World, network: VirtualNetwork, isUp: Verdict): string[] {
  return [...firewallChains(world, network), loadBalancerChain(world, network, isUp)];
}

/** Short, and different for different rules. */
export function rulesHash(chains: readonly string[]): string {
  return createHash("sha256").update(chains.join("\n")).digest("hex").slice(0, 16);
}

/** Replaces the table in one transaction: no packet meets half of the rules. Flows that exist stay. */
export async function applyRules(namespace: string, chains: readonly string[]): Promise<void> {
  const text = [
    `table ip ${table}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    `  comment "${rulesHash(chains)}"`,
    ...chains,
    "}",
    "",
  ].join("\n");
  await run([...inside(namespace), "nft", "-f", "-"], { input: text });
}
