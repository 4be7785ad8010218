/**
 * A machine's network: a namespace, and in it `eth0`, whose other end stands in the network's router. The router
 * answers for every other address (proxy ARP), so every packet is routed and filtered, as in Azure.
 */
import type { Machine, VirtualNetwork } from "../world.ts";
import { gatewayAddress } from "./addresses.ts";
import { run } from "./host.ts";
import { ipBatch, namespaces, type NamespaceState, setKernel } from "./namespace.ts";
import { machineLink, machineNamespace, machinePrefix, netnsName } from "./names.ts";

/** Links every machine of a network that is not linked yet; `state` is the router's. */
export async function ensureLinks(
  network: VirtualNetwork,
  machines: readonly Machine[],
  state: NamespaceState,
): Promise<void> {
  const router = netnsName(network.id);
  const existing = namespaces(machinePrefix);
  const missing = machines.filter(
    (machine) =>
      !existing.includes(machineNamespace(machine.id)) ||
      state.links.get(machineLink(machine.id))?.alias !== mark(machine),
  );
  if (missing.length === 0) return;
  await Promise.all(
    missing.map(async (machine) => {
      const namespace = machineNamespace(machine.id);
      if (!existing.includes(namespace)) await run(["ip", "netns", "add", namespace]);
      // What is left of a half-made link, or of one to another network.
      await run(["ip", "-n", namespace, "link", "del", "eth0"], { accept: [1, 2] });
    }),
  );
  await ipBatch(
    router,
    missing.map(
      (machine) => `link add ${machineLink(machine.id)} type veth peer name eth0 netns ${machineNamespace(machine.id)}`,
    ),
  );
  await setKernel(
    router,
    Object.fromEntries(
      missing.map((machine) =>
        // Answers at once; the kernel would wait for a better answer, up to 0.8 seconds.
        [`net.ipv4.neigh.${machineLink(machine.id)}.proxy_delay`, 0],
      ),
    ),
  );
  await Promise.all(missing.map((machine) => ipBatch(machineNamespace(machine.id), machineCommands(network, machine))));
  await ipBatch(
    router,
    missing.flatMap((machine) => [
      `link set ${machineLink(machine.id)} up`,
      `route replace ${machine.address}/32 dev ${machineLink(machine.id)}`,
      // The mark of a complete link, so it comes last.
      `link set ${machineLink(machine.id)} alias "${mark(machine)}"`,
    ]),
  );
}

function machineCommands(network: VirtualNetwork, machine: Machine): string[] {
  const prefix = subnetPrefix(network, machine);
  return [
    "link set lo up",
    `addr add ${machine.address}/${prefix.split("/")[1]} dev eth0`,
    "link set eth0 up",
    `route replace default via ${gatewayAddress(prefix)} dev eth0`,
  ];
}

function subnetPrefix(network: VirtualNetwork, machine: Machine): string {
  const subnet = network.subnets.find(({ id }) => id === machine.subnetId);
  if (!subnet) {
    const known = network.subnets.map(({ id }) => id).join(", ") || "none";
    throw new Error(`machine ${machine.name} is in subnet ${machine.subnetId}; network ${network.name} has ${known}`);
  }
  return subnet.prefix;
}

function mark(machine: Machine): string {
  return `${machine.address} ${machineNamespace(machine.id)}`;
}
