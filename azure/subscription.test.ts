import { afterEach, expect, test, vi } from "vitest";
import { listImageVersions, readImage } from "./images.ts";
import { listSizes } from "./sizes.ts";
import {
  answerFor,
  image,
  locationRestriction,
  questionsTo,
  roomySubscription,
  sku,
  zoneRestriction,
} from "./testing/subscription.ts";

afterEach(() => vi.unstubAllGlobals());

const debian = { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" };

test("a size has its zones in the region, and what restricts it there", async () => {
  const refused = { ...sku("Standard_B2s", "standardBSFamily"), restrictions: [locationRestriction] };
  const zonal = { ...sku("Standard_D2s_v5", "standardDSv5Family"), restrictions: [zoneRestriction("3")] };
  const elsewhere = {
    ...locationRestriction,
    values: ["northeurope"],
    restrictionInfo: { locations: ["northeurope"] },
  };
  const free = { ...sku("Standard_F2s_v2", "standardFSv2Family"), restrictions: [elsewhere] };
  answerFor({ ...roomySubscription(), skus: [refused, zonal, free] });
  const found = await listSizes(questionsTo(), "westeurope");
  expect(found.map(({ name, refused: why, zones, refusedZones }) => [name, why, zones, [...refusedZones]])).toEqual([
    ["Standard_B2s", "NotAvailableForSubscription", ["1", "2", "3"], []],
    ["Standard_D2s_v5", undefined, ["1", "2", "3"], [["3", "NotAvailableForSubscription"]]],
    ["Standard_F2s_v2", undefined, ["1", "2", "3"], []],
  ]);
});

test("sizes are of machines, not of disks", async () => {
  answerFor(roomySubscription());
  const names = (await listSizes(questionsTo(), "westeurope")).map(({ name }) => name);
  expect(names).toEqual(["Standard_B2als_v2", "Standard_B2s", "Standard_D2s_v5", "Standard_D4s_v5"]);
});

test("the newest version of an image is the one with the greatest numbers", async () => {
  const images = { "0.20251001.9": image(), "0.20251001.10": image(), "0.9.1": image() };
  answerFor({ ...roomySubscription(), images });
  expect(await listImageVersions(questionsTo(), "westeurope", debian)).toEqual([
    "0.9.1",
    "0.20251001.9",
    "0.20251001.10",
  ]);
  expect((await readImage(questionsTo(), "westeurope", debian))?.version).toBe("0.20251001.10");
});

test("a version that is not there, and a region without the image, have no image", async () => {
  answerFor(roomySubscription());
  expect(await readImage(questionsTo(), "westeurope", { ...debian, version: "1.2.3" })).toBeUndefined();
  expect(await readImage(questionsTo(), "northeurope", debian)).toBeUndefined();
});
