import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { model, setId, TestGroup } from "../testing/testGroup.ts";
import { collect, refusal } from "../testing/testLab.ts";

let lab: TestGroup;
beforeEach(async () => {
  lab = new TestGroup();
  await lab.start();
});
afterEach(() => lab.stop());

const region = "westeurope";
const limit = (cores: number): unknown => lab.arm.limits({ cores: [{ region, limit: cores }] });
const shortage = (): string | undefined => lab.arm.world().scaleSets[0]!.shortage;
const cores = async (): Promise<{ used: number; limit: number }> => {
  const usages = await collect(lab.clients.compute.usage.list(region));
  const { currentValue, limit: most } = usages.find(({ name }) => name.value === "cores")!;
  return { used: currentValue, limit: most };
};

test("usages count the machines that exist, until they are gone", async () => {
  limit(20);
  await lab.put(model(2));
  expect(await cores()).toEqual({ used: 4, limit: 20 });
  lab.automatic = false;
  await lab.call("PATCH", `${setId}?api-version=2024-11-01`, { sku: { name: "Standard_B2s_v2", capacity: 1 } });
  expect(await cores()).toEqual({ used: 4, limit: 20 });
  lab.automatic = true;
  lab.report();
  expect(await cores()).toEqual({ used: 2, limit: 20 });
});

test("a limit that is set while machines run is for those that come after", async () => {
  await lab.put(model(2));
  limit(2);
  lab.pass(5);
  expect(lab.ids).toHaveLength(2);
  expect(await refusal(lab.put(model(3)))).toContain(
    "OperationNotAllowed: Operation could not be completed as it results",
  );
  await lab.put(model(2, { tags: { tier: "front", release: "2" } }));
  await lab.put(model(1));
  expect(lab.ids).toHaveLength(1);
});

describe("a repair without cores for the new machine", () => {
  test("leaves the member, says why, and is tried again until there are some", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    limit(4);
    lab.health.set(first!, "Unhealthy");
    lab.pass(12);
    expect(lab.ids).toContain(first);
    expect(shortage()).toContain("OperationNotAllowed: Operation could not be completed");
    expect(lab.logged.at(-1)).toContain("repairs of vmss: Operation could not be completed");
    limit(6);
    lab.pass(12);
    expect(lab.ids).not.toContain(first);
    expect(shortage()).toBeUndefined();
  });

  test("fails the same way where the size cannot be had any more", async () => {
    await lab.put(model(2));
    const [first] = lab.ids;
    lab.arm.limits({ restrict: [{ region, size: "Standard_B2s_v2" }] });
    lab.health.set(first!, "Unhealthy");
    lab.pass(12);
    expect(lab.ids).toContain(first);
    expect(shortage()).toContain("SkuNotAvailable: The requested size for resource");
  });
});

test("autoscale without cores leaves the set as it is, says why, and grows when there are some", async () => {
  await lab.put(model(1));
  limit(2);
  await lab.clients.monitor.autoscaleSettings.createOrUpdate("rg", "as", {
    location: region,
    targetResourceUri: setId,
    enabled: true,
    profiles: [{ name: "two", capacity: { minimum: "2", maximum: "3", default: "2" }, rules: [] }],
  });
  lab.pass(20);
  expect(lab.ids).toHaveLength(1);
  expect(lab.arm.world().scaleSets[0]!.capacity).toBe(1);
  expect(shortage()).toContain("Current Limit: 2, Current Usage: 2, Additional Required: 2");
  limit(4);
  lab.pass(20);
  expect(lab.ids).toHaveLength(2);
  expect(shortage()).toBeUndefined();
});

test("versions of an image are ordered and cut as the client asks", async () => {
  const versions = async (query: string): Promise<string[]> => {
    const path = `/subscriptions/${setId.split("/")[2]}/providers/Microsoft.Compute/locations/${region}/publishers/debian/artifacttypes/vmimage/offers/DEBIAN-13/skus/13-gen2/versions`;
    const { body } = await lab.call("GET", `${path}?api-version=2024-11-01&${query}`);
    return (body as { name: string }[]).map(({ name }) => name);
  };
  expect(await versions("")).toEqual(["0.20260909.2596", "0.20260914.2601"]);
  expect(await versions("$orderby=name%20desc&$top=1")).toEqual(["0.20260914.2601"]);
});
