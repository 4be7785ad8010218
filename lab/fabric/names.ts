/** Names of what the lab makes on the host. */
import { createHash } from "node:crypto";

/**
 * Network namespaces of the lab's Internet, of a client outside every network, of the Git server, of Azure's services, of
 * the name servers, of the certificate authority, and of the host from before.
 */
export const internet = "lab-internet";
export const outside = "lab-outside";
export const git = "lab-git";
export const azure = "lab-azure";
export const dns = "lab-dns";
export const acme = "lab-acme";
export const old = "lab-old";

/** Prefixes of the network namespaces of machines, and of virtual networks. */
export const machinePrefix = "lab-m-";
export const routerPrefix = "lab-n-";

/** The first 8 hexadecimal digits of an ID's SHA-256: short enough for the 15 bytes of an interface's name. */
export function shortHash(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 8);
}

/** Network namespace of a virtual network's router. */
export function netnsName(networkId: string): string {
  return `${routerPrefix}${shortHash(networkId)}`;
}

/** Network namespace of a machine; also the machine's name for systemd-nspawn. */
export function machineNamespace(machineId: string): string {
  return `${machinePrefix}${shortHash(machineId)}`;
}

/** A machine's interface on its router. */
export function machineLink(machineId: string): string {
  return `lm${shortHash(machineId)}`;
}

/** A network's interface in the lab's Internet; on the router it is called `uplink`. */
export function networkLink(networkId: string): string {
  return `lu${shortHash(networkId)}`;
}

/** A peered network's interface on a router. */
export function peerLink(peerId: string): string {
  return `lp${shortHash(peerId)}`;
}
