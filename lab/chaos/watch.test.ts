import { expect, test } from "vitest";
import type { StackStatus } from "../cli/status.ts";
import { FakeLab, machine, status } from "./testing/fakeLab.ts";
import { start } from "./testing/histories.ts";
import { untilWhole, Watch } from "./watch.ts";

const both = [machine("front", 1), machine("front", 2)];

/** A lab whose status is one thing until 10 s have passed, and another after. */
function changing(before: () => StackStatus, after: () => StackStatus): FakeLab {
  const lab: FakeLab = new FakeLab({ status: () => (lab.clock.nowMs() < start + 10_000 ? before() : after()) });
  return lab;
}

test("a watch remembers each status once, with the time at which it was first seen", async () => {
  const lab = changing(
    () => status(both, ["front_2"]),
    () => status(both),
  );
  const watch = new Watch(() => lab.status(), lab.clock);
  await watch.start();
  await lab.clock.sleep(20);
  await watch.stop();
  expect(watch.sightings).toEqual([
    { at: start, status: status(both, ["front_2"]) },
    { at: start + 10_000, status: status(both) },
  ]);
});

test("what has changed since the last look is seen when the watch ends", async () => {
  const lab = new FakeLab({ status: () => status(both) });
  let present = status(both, ["front_2"]);
  const watch = new Watch(() => Promise.resolve(present), lab.clock);
  await watch.start();
  present = status(both);
  await watch.stop();
  expect(watch.sightings.map((one) => one.status)).toEqual([status(both, ["front_2"]), status(both)]);
});

test("a daemon that does not answer for a while is asked again", async () => {
  const lab = changing(
    () => {
      throw new Error("no daemon");
    },
    () => status(both),
  );
  expect(await untilWhole(lab, { front: 2 }, 60, "again")).toEqual(status(both));
  await expect(
    untilWhole(
      new FakeLab({
        status: () => {
          throw new Error("no daemon");
        },
      }),
      {},
      5,
      "again",
    ),
  ).rejects.toThrow("not within 5 s (no daemon)");
});
