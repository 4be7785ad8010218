/** What `protect` means: the environment as a whole is not deleted by mistake. */
import type * as pulumi from "@pulumi/pulumi";

/**
 * Options of every component and resource that stands at the top of the program; what a component makes inherits them.
 *
 * Pulumi deletes what is not protected before it comes to what is. So either everything is protected, and
 * `pulumi destroy` is refused before it deletes anything, or the machines and their data are gone when it fails at the
 * rest. Not protected are a run of Ansible (`configuration/playbook.ts`), which is replaced at each change, and deleting
 * one touches nothing; and Pulumi's secrets and the rights to read secrets (`components/vault.ts`), and records of the
 * public zone (`components/dnsZone.ts`), which come and go with the stack file. Something protected depends on each of
 * these, so `pulumi destroy` is refused before it comes to them.
 */
export function protectionOf(protect: boolean): pulumi.ComponentResourceOptions {
  return { protect };
}

/**
 * How something is deleted on purpose, for people whose `pulumi destroy` or `pulumi up` was refused: Pulumi itself
 * knows that a resource is protected, and not by which setting. As an output of the stack it stands below the error of
 * an `up`.
 */
export function protectionText(stack: string, protect: boolean): string {
  return protect
    ? "Everything is protected. To take a tier away, or to destroy the stack, first run: " +
        `pulumi config set -s ${stack} --path 'platform:environment.protect' false && pulumi up -s ${stack}`
    : "Nothing is protected: pulumi destroy deletes everything";
}
