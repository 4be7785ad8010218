/**
 * A link that is cut: packets are lost in both directions, and nobody is told. Rules of nftables' netdev family at the
 * machine's own interface, so they end with the machine's namespace. ARP passes: in Azure the host answers it, not the
 * machine, and a neighbour that is missing would tell senders at once what a cut link does not tell them.
 */
import { run } from "../host.ts";
import { inside } from "../namespace.ts";

const table = "netdev lab-cut";
const device = "eth0";

/** What nftables reads to cut a link. Taken twice it does nothing more than once. */
const cutRules = [
  `table ${table}`,
  `delete table ${table}`,
  `table ${table} {`,
  ...["ingress", "egress"].flatMap((hook) => [
    `  chain ${hook} {`,
    `    type filter hook ${hook} device "${device}" priority -500; policy drop;`,
    "    ether type arp accept",
    "  }",
  ]),
  "}",
  "",
].join("\n");

export async function cutLink(namespace: string): Promise<void> {
  await run([...inside(namespace), "nft", "-f", "-"], { input: cutRules });
}

/** Joins the link again; does nothing where it is not cut. */
export async function joinLink(namespace: string): Promise<void> {
  const { status } = await run([...inside(namespace), "nft", "list", "table", ...table.split(" ")], { accept: [1] });
  if (status === 0) await run([...inside(namespace), "nft", "delete", "table", ...table.split(" ")]);
}
