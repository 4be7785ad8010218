import { expect, test } from "vitest";
import { listImageVersions, readImage } from "./images.ts";
import { questions } from "./questions.ts";
import { listSizes } from "./sizes.ts";
import {
  image,
  locationRestriction,
  restOf,
  roomySubscription,
  sku,
  zoneRestriction,
  type Subscription,
} from "./testing/subscription.ts";

const asking = (subscription: Subscription) => questions(restOf(subscription).rest);
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
  const found = await listSizes(asking({ ...roomySubscription(), skus: [refused, zonal, free] }), "westeurope");
  expect(found.map(({ name, refused: why, zones, refusedZones }) => [name, why, zones, [...refusedZones]])).toEqual([
    ["Standard_B2s", "NotAvailableForSubscription", ["1", "2", "3"], []],
    ["Standard_D2s_v5", undefined, ["1", "2", "3"], [["3", "NotAvailableForSubscription"]]],
    ["Standard_F2s_v2", undefined, ["1", "2", "3"], []],
  ]);
});

test("sizes are of machines, not of disks", async () => {
  const names = (await listSizes(asking(roomySubscription()), "westeurope")).map(({ name }) => name);
  expect(names).toEqual(["Standard_B2als_v2", "Standard_B2s", "Standard_D2s_v5", "Standard_D4s_v5"]);
});

test("the newest version of an image is the one with the greatest numbers", async () => {
  const images = { "0.20251001.9": image(), "0.20251001.10": image(), "0.9.1": image() };
  const asked = asking({ ...roomySubscription(), images });
  expect(await listImageVersions(asked, "westeurope", debian)).toEqual(["0.9.1", "0.20251001.9", "0.20251001.10"]);
  expect((await readImage(asked, "westeurope", debian))?.version).toBe("0.20251001.10");
});

test("a version that is not there, and a region without the image, have no image", async () => {
  const asked = asking(roomySubscription());
  expect(await readImage(asked, "westeurope", { ...debian, version: "1.2.3" })).toBeUndefined();
  expect(await readImage(asked, "northeurope", debian)).toBeUndefined();
});
