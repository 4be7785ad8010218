/**
 * What should exist in the lab, as plain data: planned by `lab/arm` from its resources, made real by `lab/fabric`.
 * Every `id` is an ARM resource ID in lower case.
 */
import type { AzurePool } from "./serviceNames.ts";

/** Everything that should exist at one revision of ARM's store. */
export interface World {
  /** Grows with every change; a status names the revision it has reached. */
  revision: number;
  networks: VirtualNetwork[];
  machines: Machine[];
  loadBalancers: LoadBalancer[];
  publicAddresses: PublicAddress[];
  zones: DnsZone[];
  /** For `bin/lab status`: nothing is made of them. */
  scaleSets: ScaleSet[];
  storageAccounts: StorageAccount[];
}

/** A virtual network: one router, to which every machine in it is linked. */
export interface VirtualNetwork {
  id: string;
  name: string;
  /** Address space, CIDR blocks. */
  prefixes: string[];
  subnets: Subnet[];
  /** IDs of the networks that are peered with this one, both sides connected. */
  peers: string[];
  /** Of these, those for which this network's tag `VirtualNetwork` does not stand. */
  untaggedPeers?: string[];
}

export interface Subnet {
  id: string;
  name: string;
  /** CIDR block; the first four addresses and the last are Azure's own. The first (.1) is the gateway. */
  prefix: string;
  /** Rules of the subnet's network security group with Azure's default rules, by priority. Absent: all is allowed. */
  rules?: SecurityRule[];
  /** Public address of the NAT gateway for outbound traffic. Absent: nothing gets out. */
  natAddress?: string;
  /** Services that see the senders' private addresses, such as `Microsoft.KeyVault`. */
  serviceEndpoints?: string[];
}

/** A rule as Azure evaluates it: lowest priority number first, first match decides, per direction. */
export interface SecurityRule {
  name: string;
  direction: "Inbound" | "Outbound";
  /** 100-4096, or 65000-65500 for Azure's default rules. */
  priority: number;
  access: "Allow" | "Deny";
  protocol: "tcp" | "udp" | "icmp" | "*";
  /** CIDR blocks, addresses, or service tags (`ServiceTag`). */
  sources: string[];
  /** `80`, `8000-8099` or `*`. */
  sourcePorts: string[];
  destinations: string[];
  destinationPorts: string[];
}

export type ServiceTag = "Internet" | "VirtualNetwork" | "AzureLoadBalancer" | "*";

export interface Machine {
  /** Of the virtual machine. */
  id: string;
  /** Resource name, unique in its resource group, for example `vmss-platform-dev-front_1a2b3c4d`. */
  name: string;
  /** Of the virtual machine's operating system. */
  hostName: string;
  networkId: string;
  subnetId: string;
  /** Private IPv4 address. */
  address: string;
  /** Rules of the network interface's own security group, if it has one. */
  rules?: SecurityRule[];
  image: { publisher: string; offer: string; sku: string; version: string };
  /** vCPU and MiB of memory of the size. */
  cpus: number;
  memory: number;
  adminUser: string;
  /** Public keys, one line each. */
  sshKeys: string[];
  /** Base64, as in the resource. */
  customData?: string;
  /** False: deallocated or stopped on purpose. */
  powered: boolean;
  /** It was deleted, and runs on until its terminate notice ends. */
  terminating?: true;
  /** Grows when the operating system disk must be made anew (Reimage). */
  generation: number;
  /** Application Health extension. */
  health?: HealthProbe;
  /** Custom Script extensions, to run once per (id, sequence). */
  scripts: Script[];
  /** For `bin/lab status`: of the scale set, if the machine is a member. */
  scaleSetId?: string;
  tags: Record<string, string>;
}

/** A model of machines and how many of them there should be. */
export interface ScaleSet {
  id: string;
  name: string;
  tags: Record<string, string>;
  /** Members that it should have. */
  capacity: number;
  /** State of its automatic repairs. */
  repairs: "Running" | "Suspended" | "NotRunning";
  /** Why a repair or autoscale could not make a member, the last time that one tried. */
  shortage?: string;
}

export interface HealthProbe {
  protocol: "http" | "https" | "tcp";
  port: number;
  path?: string;
  /** Seconds between probes. */
  interval: number;
  /** Consecutive answers that change the state. */
  probes: number;
  /** Seconds after the machine's start in which Initializing is reported instead of Unhealthy. */
  grace: number;
  /** Version 2: states come from the body's ApplicationHealthState. */
  rich: boolean;
}

export interface Script {
  id: string;
  /** Changes when the extension must run again. */
  sequence: string;
  /** Run by /bin/sh as root inside the machine; may hold secrets: never logged. */
  command: string;
}

/** Azure's load balancer, by its rules. */
export interface LoadBalancer {
  id: string;
  name: string;
  tags: Record<string, string>;
  rules: BalancingRule[];
}

export interface BalancingRule {
  name: string;
  protocol: "tcp" | "udp";
  /** Private address in a subnet of `networkId`, or a public address. */
  address: string;
  public: boolean;
  port: number;
  backendPort: number;
  /** The network of the members. */
  networkId: string;
  /** IDs of machines in the backend pool. */
  members: string[];
  probe?: Probe;
  distribution: "Default" | "SourceIP" | "SourceIPProtocol";
}

/** Load balancer probe, sent from 168.63.129.16. HTTP is up on status 200 only. */
export interface Probe {
  id: string;
  protocol: "http" | "https" | "tcp";
  port: number;
  path?: string;
  interval: number;
  /** Consecutive answers that change the verdict. */
  threshold: number;
}

export interface PublicAddress {
  id: string;
  name: string;
  address: string;
  /** The network whose router answers for it, when it is attached to a load balancer or NAT gateway. */
  networkId?: string;
}

export interface DnsZone {
  id: string;
  name: string;
  private: boolean;
  /** Linked networks of a private zone. */
  networkIds: string[];
  /** Of a public zone: the name servers that have it. */
  pool?: AzurePool;
  records: DnsRecordSet[];
}

export interface DnsRecordSet {
  /** Below the zone; `@` for the zone itself. */
  name: string;
  type: "A" | "AAAA" | "CNAME" | "TXT" | "MX" | "SRV" | "PTR" | "CAA" | "NS" | "SOA";
  ttl: number;
  /** Each as in a zone file (RFC 1035): `10 mail.example.`, `"one string" "another"`. */
  values: string[];
}

export interface StorageAccount {
  id: string;
  /** The first label of its host names. */
  name: string;
  /** Another one for an account of the same name that was made anew. */
  guid: string;
  /** Base64. */
  keys: string[];
  /** Of its blob service. */
  containers: string[];
}

/** What exists: the fabric's answer. */
export interface WorldStatus {
  /** The newest revision that was converged entirely or failed; see `errors`. */
  revision: number;
  machines: MachineStatus[];
  /** Per probe id and machine id: true when the probe is up. */
  probes: { probeId: string; machineId: string; up: boolean }[];
  errors: { id: string; message: string }[];
}

export interface MachineStatus {
  id: string;
  /** `lost`: it ended from outside, as with its host, and neither by its owner nor from within. */
  power: "starting" | "running" | "stopped" | "lost";
  /** The agent inside answers and first-boot set-up has come as far as Azure asks for "provisioned". */
  ready: boolean;
  /** Why a machine that should be up by now is not, in the words of its own log. It is tried again and again. */
  late?: string;
  /** What the extension reports. `Missing`: nobody reports anything. `None`: there is no extension. */
  health: "Healthy" | "Unhealthy" | "Initializing" | "Unknown" | "Missing" | "None";
  /** Scripts that have ended: exit status by script id and sequence. */
  scripts: { id: string; sequence: string; exitStatus: number; stderr: string }[];
}

/** What ARM asks of the fabric besides convergence. */
export interface MachineEffects {
  /** The serial console's log since the machine was made. */
  serialLog(machineId: string): Promise<string>;
  /** Runs a shell script as root in the machine. */
  run(machineId: string, script: string): Promise<{ exitStatus: number; stdout: string; stderr: string }>;
  restart(machineId: string): Promise<void>;
  /**
   * Seconds of processor time that the machine has used since it was switched on, and how many processors it can use at
   * once. Undefined when it does not run, or where the host does not count.
   */
  cpu(machineId: string): { seconds: number; processors: number } | undefined;
}

/** Headers in which the front of Azure's services tells the daemon who asks: the sender's address. */
export const serviceHeaders = { client: "lab-client" } as const;

/** Headers in which the fabric tells ARM who asks the metadata service: the network's ID, and the address in it. */
export const metadataHeaders = { network: "lab-network", client: "lab-client" } as const;

/**
 * Headers between the front of Azure's services and ARM about a request to a blob service. `check: before` asks whether
 * it is allowed: 204. Where that answer has `tell`, `check: after` says that the request has succeeded.
 */
export const blobHeaders = { check: "lab-check", tell: "lab-tell" } as const;
