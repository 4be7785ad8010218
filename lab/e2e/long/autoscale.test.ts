/**
 * A group of dev that Azure grows and shrinks by its processors. It does not prove anything about Azure itself; Azure's
 * waits are shortened.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, lab, on, status } from "../../commands.ts";
import { group, names, untilWhole } from "../groupStatus.ts";

beforeAll(async () => {
  await lab("down");
  await lab("up", "dev");
});
afterAll(() => lab("down"));

test("a group grows while its processors are busy, keeps its number when it is changed, and shrinks when they are idle", async () => {
  // Two busy machines share a host of two processors, of which others may take a part: half of all is seldom reached.
  const autoscale = ["--set", "tiers.front.autoscale={minimum: 2, maximum: 3, scaleOutAbove: 25, scaleInBelow: 5}"];
  await lab("up", "dev", ...autoscale);
  const front = names("front", await status("dev"));
  const each = (script: string) => Promise.all(front.map((name) => on(name, "sudo", "sh", "-c", `'${script}'`)));
  await each('for i in 1 2; do systemd-run --quiet --unit=busy$i sh -c "while :; do :; done"; done');
  await eventually(
    () => group("front"),
    (found) => found?.wanted === 3,
    180,
  );
  // A third of one processor of two: too much to shrink, too little to be in the new machine's way.
  await each(
    'systemctl stop busy1 busy2; systemd-run --quiet --unit=calm sh -c "while :; do timeout 0.3 sh -c \\"while :; do :; done\\"; sleep 0.6; done"',
  );
  await eventually(
    () => group("front"),
    (found) => found?.running === 3,
    120,
  );
  const grown = names("front", await status("dev"));
  await lab("up", "dev", ...autoscale, "--set", "tiers.front.repair.gracePeriod=PT20M");
  expect(names("front", await status("dev"))).toEqual(grown);
  await each("systemctl stop calm");
  await eventually(
    () => group("front"),
    (found) => found?.wanted === 2,
    240,
  );
  await untilWhole();
  await lab("up", "dev");
}, 900_000);
