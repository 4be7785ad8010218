/** What may differ between an approval and its apply, and what of a resource is approved besides its properties. */
import { expect } from "vitest";
import type { Place } from "./place.ts";
import { Random } from "./random.ts";
import { apply, group, keyed, living, network, stand } from "./resources.ts";
import type { ResourceSpec } from "./spec.ts";

/** Repairs and autoscaling between approval and apply are no difference; what was approved is applied. */
export async function exemptApplies(place: Place, count: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const live = (machines: number) => ({
    inventory: random.text(),
    machines: Array.from({ length: machines }, () => random.text(6)),
    capacity: machines,
  });
  const secrets = keyed(place);
  let machines = 2;
  for (let done = 0; done < count; done++) {
    const space = `10.${done}.0.0/16`;
    const resources = [...living(), ...(random.chance(0.7) ? [network({ space })] : [])];
    place.live(live(machines));
    if (done === 0) await stand(place, { program: { resources }, secrets });
    else place.write({ program: { resources }, secrets });
    // Approved while what stands is what the state says, or already something else.
    if (done > 0 && random.chance(0.5)) place.live(live(machines));
    await place.preview();
    if (random.chance(0.5)) machines = 1 + random.below(4);
    place.live(live(machines));
    const up = await apply(place);
    expect(up.status, `${done}: ${up.stdout}${up.stderr}`).toBe(0);
  }
  // The same by another property is a difference, and so are other playbooks.
  for (const resources of [living({ create: "something else" }), living({}, "something else")]) {
    place.write({ program: { resources: living() }, secrets });
    await place.preview();
    place.write({ program: { resources }, secrets });
    const up = await apply(place);
    expect(up).toMatchObject({ status: 1, stderr: expect.stringContaining("something else") as string });
  }
}

/** Options of resources are told and compared as values are: protection that goes, and what is deleted before it is replaced. */
export async function options(place: Place): Promise<void> {
  const secrets = keyed(place);
  const write = (...resources: ResourceSpec[]) => place.write({ program: { resources }, secrets });
  const held = { ...group, protect: true };
  await stand(place, { program: { resources: [held, network({})] }, secrets });
  const first = { path: "(deleteBeforeReplace)", kind: "update", before: false, after: true };
  write(held, network({ fixed: "two" }));
  const { steps } = (await place.preview()).record;
  expect(steps).toMatchObject([{ operation: "replace", name: "network" }]);
  expect(steps[0]?.changes).not.toContainEqual(first);

  write(group, { ...network({ fixed: "two" }), deleteBeforeReplace: true });
  const up = await apply(place);
  expect(up.status, up.stdout + up.stderr).toBe(1);
  expect(up.stderr).toContain("(protect): true => false");
  expect(up.stderr).toContain("(deleteBeforeReplace): false => true");
  const { run, record } = await place.preview();
  expect(record.steps.find(({ name }) => name === "network")?.changes).toContainEqual(first);
  expect(record.steps.find(({ name }) => name === "group")).toMatchObject({
    operation: "update",
    changes: [{ path: "(protect)", kind: "update", before: true, after: false }],
  });
  expect(run.stdout).toContain("0 to create, 1 to update, 0 to delete, 1 to replace");
  const applied = await apply(place);
  expect(applied.status, applied.stdout + applied.stderr).toBe(0);
}
