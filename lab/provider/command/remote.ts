/** A command on another machine, through OpenSSH's client. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Properties } from "../plugin/values.ts";
import type { Execution } from "./execute.ts";

interface Endpoint {
  host: string;
  port?: number;
  user?: string;
  password?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  agentSocketPath?: string;
  hostKey?: string;
  dialErrorLimit?: number;
  perDialTimeout?: number;
}
interface Connection extends Endpoint {
  proxy?: Endpoint;
}

export interface RemoteExecution extends Omit<Execution, "onLine"> {
  /** Attempts to connect; Infinity for -1. */
  attempts: number;
  /** Removes the keys' files. */
  dispose: () => void;
}

/**
 * Host keys are verified, unlike in the real plugin when the program gives none: then by the user's own known_hosts.
 * Environment variables arrive where the machine's sshd accepts them, as with the real plugin.
 */
export function remoteExecution(
  inputs: Properties,
  shown: string,
  environment: Record<string, string>,
): RemoteExecution {
  const connection = inputs["connection"] as unknown as Connection;
  for (const { host, password, privateKeyPassword } of [connection, ...(connection.proxy ? [connection.proxy] : [])]) {
    if (password !== undefined || privateKeyPassword !== undefined) {
      throw new Error(
        `The connection to ${host} has a password or a privateKeyPassword; the lab's command plugin takes ` +
          "privateKey without a password, or an agent.",
      );
    }
  }
  const directory = mkdtempSync(join(tmpdir(), "pulumi-command-"));
  const dispose = () => rmSync(directory, { recursive: true, force: true });
  try {
    writeFileSync(join(directory, "config"), sshConfiguration(directory, connection, environment), { mode: 0o600 });
    const limit = connection.dialErrorLimit ?? 10;
    return {
      command: ["ssh", "-F", join(directory, "config"), "-T", "target", shown],
      shown,
      dir: undefined,
      environment: connection.agentSocketPath === undefined ? {} : { SSH_AUTH_SOCK: connection.agentSocketPath },
      stdin: (inputs["stdin"] as string | undefined) || undefined,
      attempts: limit < 0 ? Infinity : limit + 1,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

function sshConfiguration(directory: string, connection: Connection, environment: Record<string, string>): string {
  const { proxy } = connection;
  const lines = [...hostBlock(directory, "target", connection)];
  if (proxy) lines.push("  ProxyJump jump");
  const variables = Object.entries(environment).map(([name, value]) => {
    if (/[\n"]/.test(value))
      throw new Error(`The environment variable ${name} has a quote or a line break, which SSH cannot carry.`);
    return `"${name}=${value}"`;
  });
  if (variables.length > 0) lines.push(`  SetEnv ${variables.join(" ")}`);
  if (proxy) lines.push(...hostBlock(directory, "jump", proxy));
  return `${lines.join("\n")}\n`;
}

function hostBlock(
  directory: string,
  name: string,
  { host, port = 22, user = "root", privateKey, hostKey, perDialTimeout = 15 }: Endpoint,
): string[] {
  const lines = [
    `Host ${name}`,
    `  HostName ${host}`,
    `  Port ${port}`,
    `  User ${user}`,
    `  HostKeyAlias ${host}`,
    "  BatchMode yes",
    "  StrictHostKeyChecking yes",
    `  ConnectTimeout ${Math.ceil(perDialTimeout)}`,
  ];
  if (privateKey !== undefined) {
    const file = join(directory, `${name}.key`);
    writeFileSync(file, privateKey.endsWith("\n") ? privateKey : `${privateKey}\n`, { mode: 0o600 });
    lines.push(`  IdentityFile ${file}`, "  IdentitiesOnly yes");
  }
  if (hostKey !== undefined) {
    const file = join(directory, `${name}.known_hosts`);
    writeFileSync(file, `${host} ${hostKey.trim()}\n`);
    lines.push(`  UserKnownHostsFile ${file}`, "  GlobalKnownHostsFile none");
  }
  return lines;
}
