/** The uplink over which machines reach the host's own Internet, and the host's rules for it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostAddress, internetBlock, internetGateway } from "./addresses.ts";
import { chain } from "./firewall.ts";
import { run } from "./host.ts";
import {
  forwardingFile,
  type HostState,
  hostStateText,
  parseHostState,
  readHostState,
  restoreHost,
} from "./hostState.ts";
import { internet, outside } from "./names.ts";
import { ipBatch, type NamespaceState, setKernel } from "./namespace.ts";

/** The uplink's interface on the host, and in the lab's Internet. */
const hostLink = "lab-up";
export const uplink = "host";
const hostTable = "lab-host";
/** Files on the host that `ip netns exec` mounts over /etc for the client outside. */
export const outsideFiles = `/etc/netns/${outside}`;

/** Masquerading, and nothing more than machines' outbound traffic. */
export async function ensureHostRules(): Promise<void> {
  if (!(await hostRules()).includes(hostTable)) await run(["nft", "-f", "-"], { input: hostRuleset(readHostState()) });
  if (readFileSync(forwardingFile, "utf8").trim() !== "1") writeFileSync(forwardingFile, "1");
}

/** The uplink; `state` is that of the lab's Internet. */
export async function ensureHostLink(state: NamespaceState): Promise<void> {
  const complete =
    hasHostLink() && state.links.get(uplink)?.up && state.routes.has(`default via ${hostAddress} dev ${uplink}`);
  if (complete) return;
  await run(["ip", "link", "del", hostLink], { accept: [1] });
  await run(["ip", "-batch", "-"], {
    input: [
      `link add ${hostLink} type veth peer name ${uplink} netns ${internet}`,
      `addr add ${hostAddress}/24 dev ${hostLink}`,
      `link set ${hostLink} up`,
      "",
    ].join("\n"),
  });
  await setKernel(internet, { [`net.ipv4.neigh.${uplink}.proxy_delay`]: 0 });
  await ipBatch(internet, [
    `addr add ${internetGateway} peer ${hostAddress}/32 dev ${uplink}`,
    `link set ${uplink} up`,
    `route replace default via ${hostAddress} dev ${uplink}`,
  ]);
}

/** The host's table; its comment keeps what the lab must restore. */
function hostRuleset(before: HostState): string {
  return [
    `table ip ${hostTable} {`,
    `  comment "${hostStateText(before)}"`,
    chain("forward", [
      "type filter hook forward priority filter; policy accept;",
      `iifname "${hostLink}" ip saddr != ${internetBlock} drop`,
      `iifname "${hostLink}" oifname "${hostLink}" drop`,
      `oifname "${hostLink}" ct state established,related accept`,
      `oifname "${hostLink}" drop`,
    ]),
    // The host itself is no part of the lab's Internet.
    chain("input", [
      "type filter hook input priority filter; policy accept;",
      `iifname "${hostLink}" ct state established,related accept`,
      `iifname "${hostLink}" meta l4proto icmp accept`,
      `iifname "${hostLink}" drop`,
    ]),
    chain("source", [
      "type nat hook postrouting priority srcnat; policy accept;",
      `ip saddr ${internetBlock} oifname != { "${hostLink}", "lo" } masquerade`,
    ]),
    "}",
    "",
  ].join("\n");
}

function hasHostLink(): boolean {
  return readFileSync("/proc/net/dev", "utf8").includes(`${hostLink}:`);
}

async function hostRules(): Promise<string> {
  return (await run(["nft", "list", "table", "ip", hostTable], { accept: [1] })).stdout;
}

/** Takes the uplink and the host's table away; the host is as it was before. */
export async function removeHost(): Promise<void> {
  await run(["ip", "link", "del", hostLink], { accept: [1] });
  rmSync(outsideFiles, { recursive: true, force: true });
  const rules = await hostRules();
  if (!rules) return;
  await restoreHost(parseHostState(rules));
  await run(["nft", "delete", "table", "ip", hostTable]);
}

/** What of the lab stands on the host outside its namespaces. */
export async function hostLeftovers(): Promise<string[]> {
  return [
    ...(hasHostLink() ? [`interface ${hostLink}`] : []),
    ...((await hostRules()) ? [`nftables table ip ${hostTable}`] : []),
    ...(existsSync(outsideFiles) ? [outsideFiles] : []),
  ];
}
