import { expect, test } from "vitest";
import type { MachineStatus } from "../../world.ts";
import { portionsOf } from "./portions.ts";

const status = (id: string, given: Partial<MachineStatus>): MachineStatus => ({
  id,
  power: "running",
  ready: true,
  health: "Healthy",
  scripts: [],
  ...given,
});

test("machines that are switched on give way to those that serve, until they serve themselves", () => {
  const portions = portionsOf(
    [
      status("serves", {}),
      status("newborn", { health: "Initializing" }),
      // Its host was lost: nobody reports its health yet.
      status("comes-back", { power: "starting", health: "Missing" }),
      status("boots", { power: "starting", health: "None" }),
      status("lost", { power: "lost", health: "Missing" }),
    ],
    2,
  );
  expect(Object.fromEntries(portions)).toEqual({
    serves: { share: "full" },
    newborn: { share: "tenth", processor: 0 },
    "comes-back": { share: "tenth", processor: 1 },
    boots: { share: "tenth", processor: 0 },
    lost: { share: "full" },
  });
});
