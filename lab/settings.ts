/** Where the lab keeps things, what it is called and which credentials it accepts. */
import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");
export const stateDir = process.env.LAB_STATE ?? "/var/lib/platform-lab";
export const cacheDir = process.env.LAB_CACHE ?? join(homedir(), ".cache", "platform-lab");
export const armPort = Number(process.env.LAB_ARM_PORT ?? 8443);

/** Length of each scale set's grace period of automatic repairs; on Azure it is 10-90 minutes. */
export const repairGraceSeconds = seconds("LAB_REPAIR_GRACE", 30);
/** Length of a minute of Azure's other waits, such as those of terminate notices and of autoscale. */
export const secondsPerMinute = seconds("LAB_MINUTE", 6);

function seconds(variable: string, standard: number): number {
  const value = Number(process.env[variable] ?? standard);
  if (value > 0 && value < Infinity) return value;
  throw new Error(`${variable}: given "${process.env[variable]}", allowed is a number of seconds above 0`);
}

/** The daemon's own socket, log and process ID. */
export const socketPath = join(stateDir, "daemon.sock");
export const daemonLog = join(stateDir, "daemon.log");
export const daemonPid = join(stateDir, "daemon.pid");
/** Where the networks' metadata services ask the daemon. Apart from its own socket, which tells secrets. */
export const metadataSocket = join(stateDir, "metadata.sock");

/** The service principal that the lab's ARM accepts, made at the lab's first start. */
export interface Credentials {
  subscriptionId: string;
  tenantId: string;
  clientId: string;
  clientSecret: string;
  /** Secrets of the stacks: the passphrase of their state and the values of their secret settings. */
  passphrase: string;
  databasePassword: string;
}

/** Reads the lab's credentials, and makes them when there are none. */
export function credentials(): Credentials {
  const path = join(stateDir, "credentials.json");
  if (!existsSync(path)) {
    mkdirSync(stateDir, { recursive: true, mode: 0o711 });
    const made: Credentials = {
      subscriptionId: randomUUID(),
      tenantId: randomUUID(),
      clientId: randomUUID(),
      clientSecret: randomBytes(24).toString("base64url"),
      passphrase: randomBytes(24).toString("base64url"),
      databasePassword: randomBytes(24).toString("base64url"),
    };
    writeFileSync(path, JSON.stringify(made, null, 2), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(path, "utf8")) as Credentials;
}

/** The lab's certificate authority and what it has signed; PEM files in `<state>/tls`. */
export interface Authority {
  /** Certificate of the authority, to be trusted by machines and clients. */
  caFile: string;
  /** The authority and what the host trusts already, for programs that take one bundle. */
  bundleFile: string;
  issue(name: string, alternatives: string[]): { keyFile: string; certFile: string };
}

/** The lab's certificate authority, made at the first call. */
export function authority(): Authority {
  const dir = join(stateDir, "tls");
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const caFile = join(dir, "ca.pem");
  const caKey = join(dir, "ca.key");
  const bundleFile = join(dir, "bundle.pem");
  if (!existsSync(bundleFile)) {
    openssl([
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "825",
      "-subj",
      "/CN=Lab authority",
      "-addext",
      "basicConstraints=critical,CA:TRUE",
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign",
      "-keyout",
      caKey,
      "-out",
      caFile,
    ]);
    const trusted = ["/etc/ssl/certs/ca-certificates.crt"].filter((file) => existsSync(file));
    writeFileSync(bundleFile, [caFile, ...trusted].map((file) => readFileSync(file, "utf8")).join("\n"));
  }
  return {
    caFile,
    bundleFile,
    issue(name, alternatives) {
      const keyFile = join(dir, `${name}.key`);
      const certFile = join(dir, `${name}.pem`);
      if (!existsSync(certFile)) {
        openssl([
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "397",
          "-CA",
          caFile,
          "-CAkey",
          caKey,
          "-subj",
          `/CN=${name}`,
          "-addext",
          "basicConstraints=critical,CA:FALSE",
          "-addext",
          "extendedKeyUsage=serverAuth",
          "-addext",
          `subjectAltName=${alternatives.join(",")}`,
          "-keyout",
          keyFile,
          "-out",
          certFile,
        ]);
      }
      return { keyFile, certFile };
    },
  };
}

function openssl(args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** The administrator's SSH key of the lab; the private key stays on the host. */
export function administratorKey(): { privateKeyFile: string; publicKey: string } {
  const dir = join(stateDir, "ssh");
  const privateKeyFile = join(dir, "id_ed25519");
  if (!existsSync(`${privateKeyFile}.pub`)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "administrator", "-f", privateKeyFile]);
  }
  return { privateKeyFile, publicKey: readFileSync(`${privateKeyFile}.pub`, "utf8").trim() };
}
