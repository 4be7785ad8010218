/** What is open to clients outside, by nmap. */
import { machinePorts } from "../../environment/flows.ts";
import { outside, status } from "../commands.ts";

/** Ports on which something serves somewhere; they are tried until an answer or a time-out. */
const serving = [80, 443, 3000, 4000, 5000, 5432, ...machinePorts];

/** Every address of a stack: machines, load balancers, public addresses. */
export async function addressesOf(stack: string): Promise<string[]> {
  const { machines, loadBalancers, publicAddresses } = await status(stack);
  return [...new Set([...machines, ...loadBalancers, ...publicAddresses].map(({ address }) => address))];
}

/**
 * Open ports as `<address>:<port>`, sorted: of those that serve, and of others, which are tried once.
 *
 * @param others nmap's choice of them, for example `-p-` for all.
 * @throws where an address was not scanned to the end.
 */
export async function openPorts(addresses: readonly string[], ...others: string[]): Promise<string[]> {
  const open = async (...how: string[]) => {
    const scan = await outside("nmap", "-Pn", "-n", "-oG", "-", "-dd", ...how, ...addresses);
    const hosts = [...scan.stdout.matchAll(/^Host: (\S+) .*Ports: (.*)$/gm)];
    if (scan.status !== 0 || hosts.length !== addresses.length) throw new Error(scan.output);
    return hosts.flatMap(([, address, ports]) =>
      [...(ports ?? "").matchAll(/(\d+)\/open\//g)].map(([, port]) => `${address}:${port}`),
    );
  };
  const found = await Promise.all([
    open("-p", serving.join()),
    open(...others, "--max-retries", "0", "--min-rate", "15000"),
  ]);
  return [...new Set(found.flat())].sort();
}
