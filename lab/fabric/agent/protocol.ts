/** The lines of JSON between the daemon and the agent in a machine; `agent.py` is the other side. */
import type { HealthProbe, MachineStatus, Script } from "../../world.ts";

/** What the daemon asks of the agent. */
export type Request =
  { do: "configure"; health: HealthProbe | null; scripts: Script[] } | { do: "run"; request: number; script: string };

/** What the agent tells. */
export type Event =
  | { event: "beat" }
  | { event: "ready"; ready: boolean }
  | { event: "health"; state: "Healthy" | "Unhealthy" | "Initializing" | "Unknown" }
  | ({ event: "script" } & MachineStatus["scripts"][number])
  | { event: "result"; request: number; exitStatus: number; stdout: string; stderr: string };

const states = ["Healthy", "Unhealthy", "Initializing", "Unknown"];

/** The type of each field, or the values that it can have. */
const fields: { [name in Event["event"]]: Record<string, "string" | "number" | "boolean" | string[]> } = {
  beat: {},
  ready: { ready: "boolean" },
  health: { state: states },
  script: { id: "string", sequence: "string", exitStatus: "number", stderr: "string" },
  result: { request: "number", exitStatus: "number", stdout: "string", stderr: "string" },
};

export function writeRequest(request: Request): string {
  return `${JSON.stringify(request)}\n`;
}

/** Reads a line of the agent. A line that is not one of its events is undefined: a machine is not trusted to send them. */
export function readEvent(line: string): Event | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const message = value as Record<string, unknown>;
  if (typeof message.event !== "string" || !Object.hasOwn(fields, message.event)) return undefined;
  const complete = Object.entries(fields[message.event as Event["event"]]).every(([name, type]) =>
    Array.isArray(type) ? type.includes(message[name] as string) : typeof message[name] === type,
  );
  return complete ? (message as Event) : undefined;
}
