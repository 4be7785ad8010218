/**
 * `bin/delivery` with the real engine, and resources that exist as files only: as often as it takes to believe it. Needs
 * neither root nor machines. It proves nothing about Azure's own answers.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { exemptApplies } from "../../delivery/testing/approvals.ts";
import { compared, differing, differingApplies } from "../../delivery/testing/differing.ts";
import { Place } from "../../delivery/testing/place.ts";
import { plantedSecrets } from "../../delivery/testing/plantedSecrets.ts";
import { generatedPreviews } from "../../delivery/testing/previews.ts";

const hour = { timeout: 3_600_000 };
let place: Place;
beforeAll(() => {
  place = new Place();
});
afterAll(() => place.remove());

test("200 previews of generated changes count what the engine counts", hour, () =>
  generatedPreviews(place, 200, 20261129),
);
test(
  "50 secrets, each of them changed once, are in no record, no log, no published state, no note and no issue",
  hour,
  () => plantedSecrets(place, 50, 20261130),
);
test(
  "30 applies that differ from what was approved, or start from a moved state, are refused, and what is no record of one",
  hour,
  () => {
    expect(compared).toBe(30);
    return differingApplies(place, [...Array(differing).keys()]);
  },
);
test("20 applies with repairs or autoscaling between are done", hour, () => exemptApplies(place, 20, 20261201));
