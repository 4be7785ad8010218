/**
 * How the ports of a tier change while it is used. Pure.
 *
 * Everything of Azure changes before Ansible runs. So a new port is opened beside those that stand, machines are told to
 * serve all of them, and a port is closed by the first `pulumi up` after a run of Ansible that succeeded: then every
 * machine serves the new port, and every caller calls it.
 */
import type { Mistake } from "./mistakes.ts";
import { show } from "./mistakes.ts";
import type { Application } from "./tierSchema.ts";

/**
 * Tag of a load balancer while its ports change: `to 4001` from the change to the end of a run of Ansible that succeeds,
 * then `4001`, until the next `pulumi up` has closed the others and takes the tag away.
 */
export const portTag = "port";
export const movingTo = (port: number): string => `to ${port}`;

/** What a load balancer says of its ports. */
export interface StandingPorts {
  /** Names of its rules by the port to which each answers. */
  rules: ReadonlyMap<number, string>;
  /** Its ports changed, and Ansible has not succeeded since: machines and callers may be at any of them. */
  moving: boolean;
  /** Where all machines and callers are. Undefined where that is not known: it moves, or has additional ports. */
  at: number | undefined;
}

/** Reads the ports of a load balancer from its rules, by port, and its tag. */
export function portsOf(rules: ReadonlyMap<number, string>, tag: string | undefined): StandingPorts {
  const [only, ...others] = rules.keys();
  const moving = tag !== undefined && !rules.has(Number(tag));
  const alone = others.length === 0 ? only : undefined;
  return { rules, moving, at: moving ? undefined : tag === undefined ? alone : Number(tag) };
}

/** A port of a load balancer, and of every machine behind it. */
export interface PlannedPort {
  port: number;
  /** Name of the load balancer's rule. A rule keeps its name, since Azure shall not touch what stays. */
  rule: string;
}

/** The ports of a tier during one `pulumi up`. */
export interface PortPlan {
  /** All that are served, those that the stack file says first. */
  ports: PlannedPort[];
  /** Those of them that the stack file does not say: they are closed once Ansible has succeeded. */
  leaving: number[];
  /** Ansible has something to do before a port may be closed. */
  moving: boolean;
}

/**
 * The ports of a tier: those that are asked for, and those that stand as long as somebody may need them.
 *
 * @param asked Port of the service first, then additional ones.
 * @param standing Undefined where there is no load balancer yet.
 */
export function planPorts(asked: readonly number[], standing?: StandingPorts): PortPlan {
  const stand = [...(standing?.rules.keys() ?? [])];
  const moving = standing !== undefined && !isSettled(asked, stand, standing);
  const leaving = moving ? stand.filter((port) => !asked.includes(port)).sort((a, b) => a - b) : [];
  return {
    ports: [...asked, ...leaving].map((port) => ({ port, rule: standing?.rules.get(port) ?? `service-${port}` })),
    leaving,
    moving,
  };
}

/** Whether everything is where it is asked for, so that the other ports can be closed. */
function isSettled(asked: readonly number[], stand: readonly number[], { moving, at }: StandingPorts): boolean {
  const comes = asked.some((port) => !stand.includes(port));
  const leaves = stand.some((port) => !asked.includes(port));
  return !moving && !comes && (at === asked[0] || (at === undefined && !leaves));
}

/** Applications that want a port for themselves from which their tier still moves. */
export function portMistakes(
  path: string,
  port: number,
  { leaving }: PortPlan,
  applications: readonly Pick<Application, "name" | "port">[],
): Mistake[] {
  return applications.flatMap((application, index) =>
    application.port !== port && leaving.includes(application.port)
      ? [
          {
            path: `${path}.applications[${index}].port`,
            given: show(application.port),
            allowed:
              "a port that the tier's load balancer does not serve; it serves this one until the second `pulumi up` " +
              "after the tier's port was changed, and the application may have it then",
          },
        ]
      : [],
  );
}
