/** How machines share the host's processors: those that do not serve yet give way to those that do. */
import { availableParallelism } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { MachineStatus } from "../../world.ts";
import { type Portion, setPortion } from "./cgroup.ts";

export class Portions {
  readonly #nameOf: (id: string) => string;
  readonly #given = new Map<string, Portion>();

  /** @param nameOf The name of a machine's control group. */
  constructor(nameOf: (id: string) => string) {
    this.#nameOf = nameOf;
  }

  share(statuses: readonly MachineStatus[]): void {
    const portions = portionsOf(statuses, availableParallelism());
    for (const [id, portion] of portions) {
      if (isDeepStrictEqual(this.#given.get(id), portion)) continue;
      this.#given.set(id, portion);
      void setPortion(this.#nameOf(id), portion);
    }
    for (const id of this.#given.keys()) if (!portions.has(id)) this.#given.delete(id);
  }
}

/**
 * What each machine gets, by its id. A machine is a beginner from the moment it is switched on, also when it comes back.
 * Beginners are spread over the processors, since some kernels gather what runs on few of them.
 */
export function portionsOf(statuses: readonly MachineStatus[], processors: number): Map<string, Portion> {
  let beginners = 0;
  return new Map(
    statuses.map(({ id, power, health }) => [
      id,
      power === "starting" || health === "Initializing"
        ? { share: "tenth", processor: beginners++ % processors }
        : { share: "full" },
    ]),
  );
}
