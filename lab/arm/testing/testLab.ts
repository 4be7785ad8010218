/** For the tests: an ARM server over TLS with a throwaway CA, a fabric that agrees at once, and the official clients. */
import { mkdtempSync, rmSync } from "node:fs";
import type { ClientRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ComputeManagementClient } from "@azure/arm-compute";
import { DnsManagementClient } from "@azure/arm-dns";
import { MonitorClient } from "@azure/arm-monitor";
import { NetworkManagementClient } from "@azure/arm-network";
import { PrivateDnsManagementClient } from "@azure/arm-privatedns";
import { ResourceManagementClient } from "@azure/arm-resources";
import type { TokenCredential } from "@azure/core-auth";
import type { MissingHealth, VaultState } from "../../liveSettings.ts";
import { serviceHeaders, type MachineEffects, type WorldStatus } from "../../world.ts";
import { startArm, type Arm } from "../index.ts";
import type { ArmOptions } from "../options.ts";
import { makeCertificates } from "./certificates.ts";

export const subscription = "00000000-0000-4000-8000-000000000001";
export const tenant = "00000000-0000-4000-8000-000000000002";
export const client = { id: "00000000-0000-4000-8000-000000000003", secret: "client-secret" };

export class TestLab {
  readonly directory = mkdtempSync(join(tmpdir(), "lab-arm-"));
  readonly certificates = makeCertificates(this.directory, ["IP:127.0.0.1", "DNS:localhost"]);
  arm!: Arm;
  /** How the lab reads health that nobody reports. */
  missingHealth: MissingHealth = "ignored";
  /** How all vaults answer. */
  vaultState: VaultState = "whole";
  /** Machines that never get ready while they are here, by part of their ID. */
  held: string[] = [];
  /** False: nothing is reported until `report()`. */
  automatic = true;
  /** Changes a report before it is sent. */
  adjust: (status: WorldStatus) => WorldStatus = (status) => status;
  /** Since 1970, for everything that waits; it stands still. */
  nowMilliseconds = Date.now();
  /** What the lab told of itself. */
  readonly logged: string[] = [];
  /** Machines that were restarted. */
  readonly restarted: string[] = [];
  /** Seconds of processor time that a machine has used; a size with two processors in each test. */
  cpuSeconds: (id: string) => number | undefined = () => undefined;
  readonly effects: MachineEffects = {
    serialLog: (id) => Promise.resolve(`boot of ${id}\n`),
    run: (_, script) => Promise.resolve({ exitStatus: 0, stdout: `ran: ${script}`, stderr: "" }),
    restart: (id) => Promise.resolve(void this.restarted.push(id)),
    cpu: (id) => {
      const seconds = this.cpuSeconds(id);
      return seconds === undefined ? undefined : { seconds, processors: 2 };
    },
  };

  get options(): ArmOptions {
    const { key, cert } = this.certificates;
    const login = { clientId: client.id, clientSecret: client.secret, tenantId: tenant, subscriptionId: subscription };
    const waits = { repairGraceSeconds: () => 10, secondsPerMinute: 6, nowMilliseconds: () => this.nowMilliseconds };
    const missingHealth = () => this.missingHealth;
    const metadataSocket = `${this.directory}.sock`;
    const servicesSocket = `${this.directory}.services.sock`;
    return {
      stateDir: this.directory,
      port: 0,
      tls: { key, cert },
      ...login,
      effects: this.effects,
      log: (message) => this.logged.push(message),
      ...waits,
      missingHealth,
      metadataSocket,
      servicesSocket,
      vaultState: () => this.vaultState,
    };
  }

  get endpoint(): string {
    return `https://127.0.0.1:${this.arm.port}`;
  }

  async start(): Promise<void> {
    this.arm = await startArm(this.options);
    this.arm.onChange(() => this.automatic && this.report());
  }

  async stop(): Promise<void> {
    await this.arm.close();
    rmSync(this.directory, { recursive: true });
  }

  /** As the fabric would: everything exists, every script went well. */
  report(): void {
    const world = this.arm.world();
    const machines = world.machines.map((machine) => ({
      id: machine.id,
      power: machine.powered ? ("running" as const) : ("stopped" as const),
      ready: machine.powered && !this.held.some((part) => machine.id.includes(part)),
      health: machine.health ? ("Healthy" as const) : ("None" as const),
      scripts: machine.scripts.map(({ id, sequence }) => ({ id, sequence, exitStatus: 0, stderr: "" })),
    }));
    this.arm.report(this.adjust({ revision: world.revision, machines, probes: [], errors: [] }));
  }

  /** Lets time pass, with a report each second. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.nowMilliseconds += 1000;
      this.report();
    }
  }

  async token(audience = this.endpoint): Promise<string> {
    const form = {
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: client.secret,
      scope: `${audience}/.default`,
    };
    const { body } = await this.fetch("POST", `/${tenant}/oauth2/v2.0/token`, new URLSearchParams(form).toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });
    return (body as { access_token: string }).access_token;
  }

  /** A plain request, for what the SDK would not send. */
  async fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: unknown }> {
    const { request } = await import("node:https");
    const options = { method, ca: this.certificates.ca, headers: withType(body, headers) };
    return answerOf(request(`${this.endpoint}${path}`, options), body);
  }

  /** A request to one of Azure's services as the front hands it in, from the address `client`. */
  async service(
    method: string,
    address: string,
    body?: unknown,
    headers: Record<string, string> = {},
    client = "203.0.113.7",
  ): ReturnType<TestLab["fetch"]> {
    const { request } = await import("node:http");
    const { host, pathname, search } = new URL(address);
    const socketPath = this.options.servicesSocket!;
    const all = { host, [serviceHeaders.client]: client, ...withType(body, headers) };
    return answerOf(request({ socketPath, method, path: pathname + search, headers: all }), body);
  }

  /** Like `fetch`, logged in. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): ReturnType<TestLab["fetch"]> {
    return this.fetch(method, path, body, { authorization: `Bearer ${await this.token()}`, ...headers });
  }

  get clients(): Clients {
    const credential: TokenCredential = {
      getToken: async () => ({ token: await this.token(), expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    const options = {
      endpoint: this.endpoint,
      tlsOptions: { ca: this.certificates.ca },
      credentials: { scopes: [`${this.endpoint}/.default`] },
      retryOptions: { maxRetries: 0 },
    };
    return {
      resources: new ResourceManagementClient(credential, subscription, options),
      network: new NetworkManagementClient(credential, subscription, options),
      compute: new ComputeManagementClient(credential, subscription, options),
      monitor: new MonitorClient(credential, subscription, options),
      privateDns: new PrivateDnsManagementClient(credential, subscription, options),
      dns: new DnsManagementClient(credential, subscription, options),
    };
  }
}

interface Clients {
  resources: ResourceManagementClient;
  network: NetworkManagementClient;
  compute: ComputeManagementClient;
  monitor: MonitorClient;
  privateDns: PrivateDnsManagementClient;
  dns: DnsManagementClient;
}

/** `code: message` of what Azure's client throws. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code ?? ""}: ${message}`;
  }
  return "accepted";
}

const textOf = (body: unknown): string | undefined =>
  typeof body === "string" || body === undefined ? body : JSON.stringify(body);

const withType = (body: unknown, headers: Record<string, string>): Record<string, string> => ({
  ...(body !== undefined && { "content-type": "application/json" }),
  ...headers,
});

function answerOf(call: ClientRequest, body: unknown): ReturnType<TestLab["fetch"]> {
  return new Promise((resolve, reject) => {
    call.on("response", (response) => {
      let received = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
      response.on("end", () => {
        const isJson = response.headers["content-type"]?.includes("json");
        resolve({
          status: response.statusCode!,
          headers: new Headers(response.headers as Record<string, string>),
          body: isJson && received !== "" ? JSON.parse(received) : received,
        });
      });
    });
    call.on("error", reject);
    call.end(textOf(body));
  });
}

export async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of pages) all.push(one);
  return all;
}
