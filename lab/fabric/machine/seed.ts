/**
 * The files that make a new disk one particular machine's: what Azure hands to cloud-init by its provisioning medium,
 * given to cloud-init's NoCloud data source. Pure: paths, modes and contents.
 */
import type { Machine } from "../../world.ts";
import { shortHash } from "../names.ts";

export interface SeedFile {
  /** Relative to the machine's root directory. */
  path: string;
  mode: number;
  content: string | Uint8Array;
}

/** Certificates in PEM: the lab's authority, and the bundle that the image has. */
export interface Trust {
  authority: string;
  bundle: string;
}

const seedDir = "var/lib/cloud/seed/nocloud";

/** cloud-init takes another instance ID for a new machine: it changes with Reimage, and with nothing else. */
export function instanceId(machine: Pick<Machine, "id" | "generation">): string {
  return `lab-${shortHash(machine.id)}-${machine.generation}`;
}

export function seedFiles(machine: Machine, trust: Trust): SeedFile[] {
  return [
    { path: `${seedDir}/meta-data`, mode: 0o644, content: metaData(machine) },
    // As decoded from ARM, possibly compressed: cloud-init tells by itself.
    { path: `${seedDir}/user-data`, mode: 0o600, content: Buffer.from(machine.customData ?? "", "base64") },
    { path: "etc/cloud/cloud.cfg.d/90-lab.cfg", mode: 0o644, content: cloudConfig(machine) },
    { path: "etc/hostname", mode: 0o644, content: `${machine.hostName}\n` },
    { path: "etc/hosts", mode: 0o644, content: hosts(machine) },
    { path: "usr/local/share/ca-certificates/lab.crt", mode: 0o644, content: trust.authority },
    { path: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: `${trust.bundle}${trust.authority}` },
  ];
}

/** JSON is YAML, and needs no quoting rules of its own. */
function metaData(machine: Machine): string {
  const data = {
    "instance-id": instanceId(machine),
    "local-hostname": machine.hostName,
    "public-keys": machine.sshKeys.map((key) => key.trim()),
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** What Azure's data source sets from the machine's osProfile. */
function cloudConfig(machine: Machine): string {
  return [
    // ds-identify reads this line with a pattern of its own: one line, in this form.
    "datasource_list: [ NoCloud ]",
    // The link was set up from outside.
    "network: { config: disabled }",
    "ssh_pwauth: false",
    `system_info: ${JSON.stringify({ default_user: { name: machine.adminUser, gecos: "Administrator", lock_passwd: true } })}`,
    "",
  ].join("\n");
}

function hosts(machine: Machine): string {
  return ["127.0.0.1 localhost", `127.0.1.1 ${machine.hostName}`, "::1 localhost ip6-localhost ip6-loopback", ""].join(
    "\n",
  );
}
