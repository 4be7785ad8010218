/** What the machines of each group may do at Azure: the one list. Nothing else is allowed to any of them. Pure. */
import { acmeAccountSecret, type PlannedCertificate } from "./certificates.ts";
import { secretNames, type MachineGroup } from "./machineGroup.ts";

/**
 * Azure's built-in roles that machines get, by name.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/networking
 */
export const roleIds = {
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "DNS Zone Contributor": "befefa01-2a29-4197-83a8-272ff33ce314",
} as const;

/** A role in a secret of the environment's vault: the scope is `<vault>/secrets/<secret>`. */
export interface SecretRight {
  role: "Key Vault Secrets User" | "Key Vault Secrets Officer";
  secret: string;
}

/** A role in a container of the storage account: the scope is `<account>/blobServices/default/containers/<container>`. */
export interface ContainerRight {
  role: "Storage Blob Data Reader" | "Storage Blob Data Contributor";
  container: Container;
}

/** A role in a TXT record set of the public zone: the scope is `<zone>/TXT/<label>`. */
export interface RecordRight {
  role: "DNS Zone Contributor";
  /** Name below the zone. */
  label: string;
}

export type Right = SecretRight | ContainerRight | RecordRight;

/** Containers of the environment's storage account; what they are for is what they are called. */
export const containers = ["artifacts", "backups", "certificates"] as const;
export type Container = (typeof containers)[number];

/** Kinds whose program keeps backups there, reads them to restore one, and deletes the oldest. */
const kindsWithBackups = ["gitlab"];

/**
 * The rights of a group's identity.
 *
 * @param certificates Those that its machines serve.
 * @param domain The environment's.
 */
export function rightsOf(group: MachineGroup, certificates: readonly PlannedCertificate[] = [], domain = ""): Right[] {
  return [
    ...secretNames(group).map((secret): Right => ({ role: "Key Vault Secrets User", secret })),
    // What is deployed, and the releases themselves.
    ...(group.applications.length > 0
      ? [{ role: "Storage Blob Data Reader", container: "artifacts" } satisfies Right]
      : []),
    ...(kindsWithBackups.includes(group.kind)
      ? [{ role: "Storage Blob Data Contributor", container: "backups" } satisfies Right]
      : []),
    ...certificateRights(certificates, domain),
  ];
}

/** Given certificates are read. Those of an authority are written too, by one machine at a time: it holds a lease on a blob. */
function certificateRights(certificates: readonly PlannedCertificate[], domain: string): Right[] {
  const given = certificates.filter(({ source }) => source === "given");
  const acme = certificates.filter(({ source }) => source === "acme");
  const written = acme.length > 0 ? [acmeAccountSecret, ...acme.map(({ secret }) => secret)] : [];
  return [
    ...given.map(({ secret }): Right => ({ role: "Key Vault Secrets User", secret })),
    ...written.map((secret): Right => ({ role: "Key Vault Secrets Officer", secret })),
    ...(acme.length > 0 ? [{ role: "Storage Blob Data Contributor", container: "certificates" } satisfies Right] : []),
    ...challengeLabels(acme, domain).map((label): Right => ({ role: "DNS Zone Contributor", label })),
  ];
}

/** The TXT record sets by which hosts in the domain are shown to be ours; a wildcard has that of its domain. */
function challengeLabels(certificates: readonly PlannedCertificate[], domain: string): string[] {
  const labels = certificates
    .filter(({ challenge }) => challenge === "dns-01")
    .map(({ host }) => `_acme-challenge.${host.replace(/^\*\./, "")}`)
    .filter((name) => name.endsWith(`.${domain}`))
    .map((name) => name.slice(0, -domain.length - 1));
  return [...new Set(labels)].sort();
}

/** Those in secrets. */
export const secretRights = (rights: readonly Right[]): SecretRight[] => rights.filter((right) => "secret" in right);

/** Those in containers. */
export const containerRights = (rights: readonly Right[]): ContainerRight[] =>
  rights.filter((right) => "container" in right);

/** Those in record sets. */
export const recordRights = (rights: readonly Right[]): RecordRight[] => rights.filter((right) => "label" in right);
