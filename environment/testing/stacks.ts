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

const stacks = ["dev", "prod", "tools"];

/** Other committed stacks, as `planOf` takes them. */
export const siblingsOf = (...names: string[]): Sibling[] =>
  names.map((stack) => ({ file: `Pulumi.${stack}.yaml`, environment: committed(stack) }));

/** The committed stacks beside one; none beside a stack that is not committed. */
export const siblingsBeside = (stack: string): Sibling[] =>
  stacks.includes(stack) ? siblingsOf(...stacks.filter((other) => other !== stack)) : [];

/**
 * A copy of a committed stack's environment as a user would make it: with a name, network and domains of its own, and
 * without what passes to and from the others.
 */
export function copyOf(
  stack: string,
  own: { name: string; network: string; domain: string; privateDomain: string },
): Record<string, unknown> {
  const environment = committed(stack);
  const { domain, reverseProxy } = environment as { domain: string; reverseProxy: { routes: { host: string }[] } };
  const routes = reverseProxy.routes.map((route) => ({ ...route, host: route.host.replace(domain, own.domain) }));
  const copy: Record<string, unknown> = { ...environment, ...own, peers: {} };
  copy["reverseProxy"] = { ...reverseProxy, routes, entry: undefined, forwards: [] };
  // As YAML has it: what is not there.
  return JSON.parse(JSON.stringify(copy)) as Record<string, unknown>;
}

/**
 * The plan of an environment; by default the committed one of the stack, where no load balancer stands yet, beside the
 * other committed ones.
 */
export function planOf(
  stack: string,
  environment: unknown = committed(stack),
  standing?: ReadonlyMap<string, StandingPorts>,
  others: readonly Sibling[] = siblingsBeside(stack),
): Plan {
  const parsed = parseStack(
    `Pulumi.${stack}.yaml`,
    { environment, administrators },
    { playbooks, secrets: new Map(), stack, siblings: others, roleSecrets },
  );
  return planEnvironment(stack, parsed.environment, parsed.administrators, standing, peersOf(others));
}
