/** How often requests are sent on the way to `back`: what retries add to a load. */
import type { Tools } from "../chaos/tools.ts";
import { quoted } from "../shell.ts";
import { haproxyInPython } from "./haproxy.ts";

/** Requests since the programs were started, as their own counters and logs have them. */
interface Attempts {
  /** That the reverse proxies did not refuse at once. */
  admitted: number;
  /** From the reverse proxies to `front`. */
  toFront: number;
  /** From `front` to the balancers of `back`. */
  toBalancers: number;
  /** From the balancers to `back`; a connection that could not be made counts as well. */
  toBack: number;
}

/** `$upstream_addr` has an address for each attempt, none where nginx answered itself; nothing else has a colon. */
const countInLog = `cat /var/log/nginx/access.log.1 /var/log/nginx/access.log 2>/dev/null |
  awk -F'"' '{ tries = gsub(/:[0-9]+/, "", $5) } tries { admitted++; sum += tries }
    END { print admitted + 0, sum + 0 }'`;

const countInHaproxy = `python3 -c ${quoted(`${haproxyInPython}
rows = statistics()
frontends = [row for row in rows if row["svname"] == "FRONTEND"]
servers = [row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]
print(sum(int(row["req_tot"]) for row in frontends), sum(int(row["lbtot"]) + int(row["wretr"]) for row in servers))
`)}`;

async function attemptsOf(tools: Tools): Promise<Attempts> {
  const { machines } = await tools.status();
  const sums = async (tier: string, script: string): Promise<[number, number]> => {
    const printed = await Promise.all(
      machines.filter((machine) => machine.tier === tier).map(({ name }) => tools.sudo(name, script, 60)),
    );
    const pairs = printed.map((text) => text.trim().split(" ").map(Number) as [number, number]);
    return pairs.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  };
  const [admitted, toFront] = await sums("reverse-proxy", countInLog);
  const [toBalancers, toBack] = await sums("back-balancer", countInHaproxy);
  return { admitted, toFront, toBalancers, toBack };
}

/**
 * How many requests the reverse proxies let in while something is done, and how many times as many were sent at most,
 * counted between any two kinds of machines: what each layer adds, times what those before it added. With what came of it.
 */
export async function attemptsDuring<T>(
  tools: Tools,
  work: () => Promise<T>,
): Promise<{ admitted: number; most: number; result: T }> {
  const before = await attemptsOf(tools);
  const result = await work();
  const after = await attemptsOf(tools);
  const admitted = after.admitted - before.admitted;
  const hops = ["toFront", "toBalancers", "toBack"] as const;
  return { admitted, most: Math.max(...hops.map((hop) => (after[hop] - before[hop]) / admitted)), result };
}
