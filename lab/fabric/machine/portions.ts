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

  /** Beginners are spread over the processors, since some kernels gather what runs on few of them. */
  share(statuses: readonly MachineStatus[]): void {
    let beginners = 0;
    for (const { id, health } of statuses) {
      const portion: Portion =
        health === "Initializing"
          ? { share: "tenth", processor: beginners++ % availableParallelism() }
          : { share: "full" };
      if (isDeepStrictEqual(this.#given.get(id), portion)) continue;
      this.#given.set(id, portion);
      void setPortion(this.#nameOf(id), portion);
    }
    const present = new Set(statuses.map(({ id }) => id));
    for (const id of this.#given.keys()) if (!present.has(id)) this.#given.delete(id);
  }
}
