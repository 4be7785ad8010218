/** Virtual machine extensions that the members of a scale set carry. */
import * as pulumi from "@pulumi/pulumi";
import { healthPort, healthStatePath } from "../environment/flows.ts";

/**
 * Asks the machine's health endpoint from inside the machine; automatic repairs act on its verdict. A Flexible scale
 * set takes no other source of health.
 * https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
 */
export function healthExtension() {
  return {
    name: "health",
    publisher: "Microsoft.ManagedServices",
    type: "ApplicationHealthLinux",
    typeHandlerVersion: "2.0",
    autoUpgradeMinorVersion: true,
    settings: {
      protocol: "http",
      port: healthPort,
      requestPath: healthStatePath,
      intervalInSeconds: 5,
      numberOfProbes: 2,
      // A machine that is still configuring itself is Initializing, which is not repaired, rather than Unhealthy.
      gracePeriod: 1800,
    },
  };
}

/** Where a machine finds its secrets. */
export const secretsFile = "/etc/platform/secrets.json";

/**
 * Writes the secrets into a file that only root can read. They travel in the protected settings: Azure encrypts them
 * for the machine and never returns them. Custom data is readable by everyone on the machine.
 */
export function secretsExtension(secrets: Record<string, pulumi.Input<string>>) {
  return {
    name: "secrets",
    publisher: "Microsoft.Azure.Extensions",
    type: "CustomScript",
    typeHandlerVersion: "2.1",
    autoUpgradeMinorVersion: true,
    protectedSettings: pulumi.secret({ commandToExecute: pulumi.all(secrets).apply((values) => writeSecrets(values)) }),
  };
}

/** A shell command that writes the secrets as JSON, all at once, so that a reader never sees half of them. */
export function writeSecrets(values: Record<string, string>): string {
  const sorted = Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  const content = Buffer.from(`${JSON.stringify(sorted)}\n`).toString("base64");
  return (
    `umask 077 && mkdir -p -m 0755 /etc/platform && echo ${content} | base64 -d >${secretsFile}.new && ` +
    `mv ${secretsFile}.new ${secretsFile}`
  );
}
