/**
 * What the lab's Debian 13 image is made of, as plain data. The image's name carries a hash of all of it, so a change
 * here makes a new image and leaves the old one to the machines that still run on it.
 *
 * Azure's marketplace image has more packages; what is missing there and needed at first boot (Ansible and Git)
 * is in this image already, so that a machine that replaces another does not wait for a download. Programs of the tiers
 * are not: roles install them, as they do on Azure.
 */
import { createHash } from "node:crypto";
import { azureAddress } from "./addresses.ts";

export const suite = "trixie";

export const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "openssh-sftp-server",
  "cloud-init",
  "sudo",
  "python3",
  "python3-apt",
  "ansible-core",
  "ansible-mitogen",
  "git",
  "ca-certificates",
  "curl",
  "xz-utils",
  "logrotate",
  "tzdata",
  "unattended-upgrades",
  "iproute2",
  "iputils-ping",
  "netbase",
  "procps",
  "less",
  "nano",
];

/**
 * Units without a purpose here: they would race with Ansible for apt's lock, or write to hardware that is not there.
 */
export const maskedUnits = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "fstrim.timer",
  "e2scrub_all.timer",
  "console-getty.service",
  "getty@tty1.service",
  "systemd-pstore.service",
  // cloud-init makes the host keys; this unit would add kinds that are then not on the serial console.
  "sshd-keygen.service",
  "cloud-init-hotplugd.socket",
  "sys-fs-fuse-connections.mount",
  "dev-hugepages.mount",
];

const bundle = "/etc/ssl/certs/ca-certificates.crt";

/** Programs with a list of authorities of their own use Debian's: it has the lab's authority and the host's. */
const environment = {
  NODE_EXTRA_CA_CERTS: bundle,
  NODE_USE_SYSTEM_CA: "1",
  PIP_CERT: bundle,
  REQUESTS_CA_BUNDLE: bundle,
};

/** Files by their path in the image; mode 0644. */
export const files: Record<string, string> = {
  "etc/resolv.conf": `nameserver ${azureAddress}\n`,
  "etc/machine-id": "",
  "etc/default/locale": "LANG=C.UTF-8\n",
  "etc/environment": Object.entries(environment)
    .map(([name, value]) => `${name}=${value}\n`)
    .join(""),
  "etc/systemd/system.conf.d/10-lab.conf": `[Manager]\nDefaultEnvironment=${Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")}\n`,
  // sudo forgets the environment that a login was given.
  "etc/sudoers.d/10-environment": "Defaults env_file=/etc/environment\n",
  "etc/apt/apt.conf.d/10-lab": [
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::PDiffs "false";',
    'Acquire::Retries "3";',
    "",
  ].join("\n"),
  // A machine that the host's crash cut short is made anew; so dpkg need not wait for the disk after every file.
  "etc/dpkg/dpkg.cfg.d/10-lab": "force-unsafe-io\n",
  // RSA keys cost a second of processor time at first boot.
  "etc/cloud/cloud.cfg.d/80-host-keys.cfg": "ssh_genkeytypes: [ ed25519, ecdsa ]\n",
};

/** Hash of the recipe and of the authorities that the host adds to Debian's. */
export function recipeHash(authorities: Record<string, string>): string {
  const recipe = JSON.stringify({ version: 1, suite, packages, maskedUnits, files, authorities });
  return createHash("sha256").update(recipe).digest("hex").slice(0, 12);
}
