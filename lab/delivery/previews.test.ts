/**
 * `bin/delivery` with the real engine, and resources that exist as files only. Each question is asked a few times here;
 * e2e/long/previews.test.ts asks all.
 */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, test } from "vitest";
import { exemptApplies, options } from "./testing/approvals.ts";
import { differingApplies } from "./testing/differing.ts";
import { drift } from "./testing/drift.ts";
import {
  failedPublish,
  halfReplaced,
  killedAndRefused,
  killedApply,
  lockedCopy,
  lockedStack,
  stoppedApply,
} from "./testing/interrupted.ts";
import { Place } from "./testing/place.ts";
import { plantedSecrets } from "./testing/plantedSecrets.ts";
import { exactPreviews, generatedPreviews } from "./testing/previews.ts";

/** `make check` runs also where no engine is. */
const engine = spawnSync("pulumi", ["version"]).status === 0;

describe.skipIf(!engine)("with the real engine", () => {
  let place: Place;
  beforeAll(() => {
    place = new Place();
  });
  afterAll(() => place.remove());

  const patience = { timeout: 300_000 };
  test("secrets are in no record, no log, no published state, no note and no issue", patience, () =>
    plantedSecrets(place, 10, 1, 1),
  );
  test("previews of generated changes count what the engine counts", patience, () => generatedPreviews(place, 2, 2));
  test("what was not approved is refused", patience, () => differingApplies(place, [2, 15]));
  test("exact previews say the same without any secret", patience, () => exactPreviews(place));
  test("repairs and autoscaling between are no difference", patience, () => exemptApplies(place, 1, 3));
  test("options of resources are told and compared", patience, () => options(place));
  test("drift is what an apply would undo", patience, () => drift(place));
  test("an apply that finds the stack locked has begun nothing", patience, () => lockedStack(place));
  test("a lock that a killed publish left is none", patience, () => lockedCopy(place));
  test("an apply whose copy was not published is done again", patience, () => failedPublish(place));
  test("an apply that is told to stop ends in order, and the next one does the rest", patience, () =>
    stoppedApply(place),
  );
  test("an apply that was killed is completed by the next one", patience, () => killedApply(place));
  test("what a killed replacement left is deleted", patience, () => halfReplaced(place));
  test("what a killed apply had begun is published also where the next one is refused", patience, () =>
    killedAndRefused(place),
  );
});
