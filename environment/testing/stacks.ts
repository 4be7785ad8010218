/** Stack files and plans for tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { parseStack } from "../parse.ts";
import { planEnvironment, type Plan } from "../plan.ts";
import type { StandingPorts } from "../portMoves.ts";
import { peersOf, type Sibling } from "../siblings.ts";

const root = join(import.meta.dirname, "..", "..");

/** A well-formed public key to which nobody has the private one. */
export const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody";

export const administrators = { ranges: ["198.51.100.1/32"], sshKeys: [publicKey] };

/** Kinds of the committed stacks. */
export const playbooks = ["back", "balancer", "data", "front", "gitlab", "machine-learning", "reverse-proxy", "runner"];

/** What the roles of the committed kinds ask for. */
export const roleSecrets = new Map([["data", ["login"]]]);

/** `platform:environment` of a committed stack file, a copy of its own at every call. */
export function committed(stack: string): Record<string, unknown> {
  const file = load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, unknown> };
  return file.config["platform:environment"] as Record<string, unknown>;
}

/** Other committed stacks, as `planOf` takes them. */
export const siblingsOf = (...stacks: string[]): Sibling[] =>
  stacks.map((stack) => ({ file: `Pulumi.${stack}.yaml`, environment: committed(stack) }));

/** The plan of an environment; by default the committed one of the stack, where no load balancer stands yet and no other stack is. */
export function planOf(
  stack: string,
  environment: unknown = committed(stack),
  standing?: ReadonlyMap<string, StandingPorts>,
  others: readonly Sibling[] = [],
): Plan {
  const parsed = parseStack(
    `Pulumi.${stack}.yaml`,
    { environment, administrators },
    { playbooks, secrets: new Map(), stack, siblings: others, roleSecrets },
  );
  return planEnvironment(stack, parsed.environment, parsed.administrators, standing, peersOf(others));
}
