/** The lines of JSON between the daemon and the agent in a machine; `agent.py` is the other side. */
import { z } from "zod";
import type { HealthProbe, Script } from "../../world.ts";

/** What the daemon asks of the agent. */
export type Request =
  { do: "configure"; health: HealthProbe | null; scripts: Script[] } | { do: "run"; request: number; script: string };

/** What the agent tells. */
const event = z.discriminatedUnion("event", [
  z.object({ event: z.literal("beat") }),
  z.object({ event: z.literal("ready"), ready: z.boolean() }),
  z.object({ event: z.literal("health"), state: z.enum(["Healthy", "Unhealthy", "Initializing", "Unknown"]) }),
  z.object({
    event: z.literal("script"),
    id: z.string(),
    sequence: z.string(),
    exitStatus: z.number(),
    stderr: z.string(),
  }),
  z.object({
    event: z.literal("result"),
    request: z.number(),
    exitStatus: z.number(),
    stdout: z.string(),
    stderr: z.string(),
  }),
]);
export type Event = z.infer<typeof event>;

export function writeRequest(request: Request): string {
  return `${JSON.stringify(request)}\n`;
}

/**
 * Reads a line of the agent. A line that is not one of its events is undefined: a machine is not trusted to send them.
 */
export function readEvent(line: string): Event | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
