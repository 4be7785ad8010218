/** Everything between the machines: networks, rules, load balancers, names, and the lab's Internet. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VirtualNetwork, World, WorldStatus } from "../world.ts";
import { ensureGitServer, type Issuer } from "./gitServer.ts";
import { ensureAcme } from "./acme/authority.ts";
import { areServed, ensureNameServers } from "./dns/servers.ts";
import { ensureFront } from "./azureFront.ts";
import { azuriteData, ensureAzurite } from "./azurite.ts";
import { hostLeftovers, removeHost } from "./hostUplink.ts";
import { ensureInternet, ensureUplinks } from "./internet.ts";
import { ensureLinks } from "./link.ts";
import { ensureMetadata, metadataService } from "./metadata.ts";
import {
  ensureNamespace,
  ipBatch,
  namespaces,
  type NamespaceState,
  readNamespace,
  removeNamespace,
  setKernelOnce,
} from "./namespace.ts";
import { ensureOldHost } from "./oldHost/oldHost.ts";
import type { PackageHosts } from "./packageHosts.ts";
import { Prober, targets, type VerdictChange } from "./prober.ts";
import { ensurePrivateResolver, ensurePublicResolvers, forgetDomains } from "./resolver.ts";
import { ensurePeerings, peerings, routerCommands, routerSettings, unpeerCommands } from "./router.ts";
import { applyRules, routerChains, rulesHash } from "./ruleset.ts";
import { services, stopService } from "./service.ts";
import { VerdictStore } from "./verdictStore.ts";
import {
  acme,
  azure,
  dns,
  git,
  internet,
  machineNamespace,
  machinePrefix,
  netnsName,
  old,
  outside,
  routerPrefix,
} from "./names.ts";

export interface NetworksOptions {
  stateDir: string;
  /** Signs certificates. Absent: there are no Git server and no services of Azure's. */
  authority?: Issuer;
  /** Unix socket on which machines' metadata requests are answered. Absent: there is no metadata service. */
  metadataSocket?: string;
  /** Unix socket on which requests to Azure's services are answered. Absent: there are none. */
  servicesSocket?: string;
  /** Seconds of a day of the certificate authority. Absent: there is none, and no host from before. */
  acmeDaySeconds?: () => number;
  /** From where machines may fetch packages over the host's own Internet. Absent: from nowhere. */
  packageHosts?: PackageHosts;
  log?: (message: string) => void;
}

/** What could not be made, by the ID of what it belongs to. */
export type Failure = WorldStatus["errors"][number];

const empty: World = {
  revision: 0,
  networks: [],
  machines: [],
  loadBalancers: [],
  publicAddresses: [],
  zones: [],
  scaleSets: [],
  storageAccounts: [],
};

export class Networks {
  private readonly options: NetworksOptions;
  private readonly hosts: PackageHosts;
  private readonly probers = new Map<string, Prober>();
  private readonly verdicts: VerdictStore;
  /** The verdicts that the load balancers know. */
  private reported: WorldStatus["probes"];
  /** Networks whose rules wait for new verdicts. */
  private readonly dirty = new Set<string>();
  private supervision: NodeJS.Timeout | undefined;
  private readonly listeners: (() => void)[] = [];
  private world = empty;
  /** One change at a time. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: NetworksOptions) {
    this.options = options;
    this.hosts = options.packageHosts ?? { names: [], addresses: [] };
    this.verdicts = new VerdictStore(options.stateDir);
    this.reported = this.verdicts.all();
  }

  /** Makes the lab's Internet with everything in it. */
  async start(): Promise<void> {
    await this.serially(async () => {
      await ensureInternet(this.hosts);
      await this.ensureNames();
      await this.ensureGit();
      await this.ensureAzure();
      await this.ensureOthers();
    });
    this.supervision ??= setInterval(() => void this.supervise(), 2000);
    this.supervision.unref();
  }

  /**
   * `convergeBeforeMachines` and `convergeAfterMachines`, for callers without machines to start and stop in between.
   */
  async converge(world: World): Promise<Failure[]> {
    return [...(await this.convergeBeforeMachines(world)), ...(await this.convergeAfterMachines(world))];
  }

  /** Makes and changes networks, and links every machine, so that machines can start. Removes nothing that one uses. */
  convergeBeforeMachines(world: World): Promise<Failure[]> {
    return this.serially(async () => {
      this.world = world;
      const failures: Failure[] = [];
      const attempt = async (id: string, work: () => Promise<void>) => {
        try {
          await work();
        } catch (error) {
          failures.push({ id, message: error instanceof Error ? error.message : String(error) });
        }
      };
      // The rules come before anything can pass.
      const states = new Map<string, NamespaceState>();
      await Promise.all(
        world.networks.map((network) =>
          attempt(network.id, async () => {
            states.set(network.id, await this.ensureRouter(network));
          }),
        ),
      );
      const linked = world.networks.filter(({ id }) => states.has(id));
      await attempt("internet", async () => {
        const fresh = await ensureUplinks({ ...world, networks: linked }, await ensureInternet(this.hosts));
        for (const id of fresh) states.set(id, await readNamespace(netnsName(id)));
      });
      await attempt("peerings", () => ensurePeerings(peerings(world.networks), states));
      await Promise.all([...states].map(([id, state]) => attempt(id, () => this.ensureNetwork(id, state))));
      await attempt("names", () => this.ensureNames());
      await attempt("git", () => this.ensureGit());
      await attempt("azure", () => this.ensureAzure());
      return failures;
    });
  }

  /** Removes the links and networks that the world no longer has; their machines must have stopped. */
  convergeAfterMachines(world: World): Promise<Failure[]> {
    return this.serially(async () => {
      const machines = new Map(world.machines.map(({ id }) => [machineNamespace(id), id]));
      const networks = new Set(world.networks.map(({ id }) => netnsName(id)));
      const failures: Failure[] = [];
      const gone = [
        ...namespaces(machinePrefix).filter((namespace) => !machines.has(namespace)),
        ...namespaces(routerPrefix).filter((namespace) => !networks.has(namespace)),
      ];
      for (const [id, prober] of this.probers) {
        if (world.networks.some((network) => network.id === id)) continue;
        prober.stop();
        this.probers.delete(id);
      }
      await Promise.all(
        gone.map(async (namespace) => {
          try {
            for (const name of [`resolver-${namespace}`, metadataService(namespace)])
              await stopService(this.options.stateDir, name);
            await removeNamespace(namespace);
          } catch (error) {
            failures.push({ id: namespace, message: error instanceof Error ? error.message : String(error) });
          }
        }),
      );
      this.forgetVerdicts();
      return failures;
    });
  }

  /** Takes over at once what people have said of domains and of the host from before. */
  take(): Promise<void> {
    return this.serially(async () => {
      await this.ensureNames();
      await this.ensureOthers();
    });
  }

  /** The last verdict of every probe on every machine, as far as the load balancers know. */
  probes(): WorldStatus["probes"] {
    return this.reported;
  }

  /** Calls back after a verdict has changed and its load balancers know. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Stops probing; everything that machines use goes on. */
  stop(): void {
    clearInterval(this.supervision);
    this.supervision = undefined;
    for (const prober of this.probers.values()) prober.stop();
    this.probers.clear();
  }

  /** Removes everything that the lab's networks have on this host, whatever made it. */
  async removeAll(): Promise<void> {
    this.stop();
    await this.serially(async () => {
      for (const name of services(this.options.stateDir)) await stopService(this.options.stateDir, name);
      await Promise.all(namespaces(machinePrefix).map((namespace) => removeNamespace(namespace)));
      await Promise.all(namespaces(routerPrefix).map((namespace) => removeNamespace(namespace)));
      for (const namespace of [outside, git, azure, dns, acme, old, internet]) {
        if (namespaces(namespace).includes(namespace)) await removeNamespace(namespace);
      }
      await removeHost();
      this.verdicts.clear();
      this.reported = [];
      rmSync(join(this.options.stateDir, "run"), { recursive: true, force: true });
      rmSync(join(this.options.stateDir, "git"), { recursive: true, force: true });
      rmSync(azuriteData(this.options.stateDir), { recursive: true, force: true });
    });
  }

  /** What stands on this host now, one line each; empty after `removeAll`. */
  async list(): Promise<string[]> {
    const running = readdirOrNothing(join(this.options.stateDir, "run")).filter((file) => file.endsWith(".pid"));
    return [
      ...namespaces().map((namespace) => `network namespace ${namespace}`),
      ...(await hostLeftovers()),
      ...running.map((file) => `service ${file.slice(0, -4)}`),
    ];
  }

  private async ensureRouter(network: VirtualNetwork): Promise<NamespaceState> {
    const namespace = netnsName(network.id);
    const state = await ensureNamespace(namespace);
    await this.ensureRules(network, state.rules);
    await setKernelOnce(namespace, routerSettings, state);
    return state;
  }

  private async ensureNetwork(id: string, state: NamespaceState): Promise<void> {
    const network = this.world.networks.find((known) => known.id === id);
    if (!network) return;
    const namespace = netnsName(id);
    await ipBatch(namespace, [
      ...unpeerCommands(network, peerings(this.world.networks), state),
      ...routerCommands(network, state),
    ]);
    const machines = this.world.machines.filter((machine) => machine.networkId === network.id);
    await ensureLinks(network, machines, state);
    await this.ensureServices(network);
    let prober = this.probers.get(network.id);
    if (!prober) {
      prober = new Prober(
        network,
        ({ probeId, machineId }) => this.verdicts.isUp(probeId, machineId),
        (change) => void this.changed(network.id, change),
      );
      this.probers.set(network.id, prober);
    }
    prober.set(targets(this.world, network));
  }

  /** Name servers and resolvers of the lab's Internet. */
  private async ensureNames(): Promise<void> {
    const { stateDir } = this.options;
    // Before a world is told, zones are served as an earlier daemon has left them.
    const isTold = this.world !== empty || !areServed(stateDir);
    const gone = !isTold ? [] : await ensureNameServers(stateDir, this.world.zones);
    await ensurePublicResolvers(stateDir, this.hosts);
    await forgetDomains(stateDir, gone);
  }

  private async ensureGit(): Promise<void> {
    const { stateDir, authority } = this.options;
    if (authority) await ensureGitServer(stateDir, authority);
  }

  /** Azure's services in the lab's Internet. */
  private async ensureAzure(): Promise<void> {
    const { stateDir, authority, servicesSocket } = this.options;
    if (!authority || !servicesSocket) return;
    await ensureFront(stateDir, authority, servicesSocket);
    // Of accounts that no world has told yet, nothing is to be removed.
    if (this.world !== empty) await ensureAzurite(stateDir, authority, this.world.storageAccounts);
  }

  /** Everything else in the lab's Internet: the certificate authority, and the host from before. */
  private async ensureOthers(): Promise<void> {
    const { stateDir, authority, acmeDaySeconds } = this.options;
    if (!authority || !acmeDaySeconds) return;
    await ensureAcme(stateDir, authority, acmeDaySeconds());
    await ensureOldHost(stateDir, authority);
  }

  /** What machines use of their network besides packets. */
  private async ensureServices(network: VirtualNetwork): Promise<void> {
    const { stateDir, metadataSocket } = this.options;
    await ensurePrivateResolver(stateDir, this.world, network, this.hosts);
    if (metadataSocket) await ensureMetadata(stateDir, metadataSocket, network);
  }

  private async ensureRules(network: VirtualNetwork, present: string): Promise<void> {
    const chains = routerChains(
      this.world,
      network,
      (probeId, machineId) => this.verdicts.isUp(probeId, machineId) === true,
    );
    if (rulesHash(chains) !== present) await applyRules(netnsName(network.id), chains);
  }

  /** Takes a new verdict in; verdicts that come together change the rules once. */
  private async changed(networkId: string, change: VerdictChange): Promise<void> {
    this.verdicts.set(change);
    if (this.dirty.has(networkId)) return;
    this.dirty.add(networkId);
    await this.serially(async () => {
      this.dirty.delete(networkId);
      const reported = this.verdicts.all();
      this.verdicts.save();
      const network = this.world.networks.find(({ id }) => id === networkId);
      if (!network) return;
      await this.ensureRules(network, (await readNamespace(netnsName(networkId))).rules);
      this.reported = reported;
    }).catch((error: unknown) => this.log(`load balancers of ${networkId}`, error));
    for (const listener of this.listeners) listener();
  }

  /** Resolvers, metadata services and what stands in the lab's Internet are started again when they have died. */
  private async supervise(): Promise<void> {
    await this.serially(async () => {
      await this.ensureNames();
      await this.ensureGit();
      for (const network of this.world.networks) await this.ensureServices(network);
      await this.ensureAzure();
      await this.ensureOthers();
    }).catch((error: unknown) => this.log("services", error));
  }

  private log(subject: string, error: unknown): void {
    this.options.log?.(`${subject}: ${error instanceof Error ? error.message : String(error)}`);
  }

  private forgetVerdicts(): void {
    if (this.verdicts.keep(this.world.networks.flatMap((network) => targets(this.world, network))))
      this.reported = this.verdicts.all();
  }

  private serially<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.queue.then(work, work);
    this.queue = result.catch(() => {});
    return result;
  }
}

function readdirOrNothing(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
