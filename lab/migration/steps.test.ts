import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settingsInFile } from "../../environment/fromFile.ts";
import { secretsOf } from "../../environment/secrets.ts";
import { checkSettings } from "../../environment/settings.ts";
import { administrators } from "../../environment/testing/stacks.ts";
import { planPublicRecords } from "../../environment/zones/publicRecords.ts";
import { parseZoneFile } from "../../environment/zones/zoneFile.ts";
import { root } from "../paths.ts";
import { expectations } from "./expectations.ts";
import { changed, inProject, writeStackFiles } from "./stackFiles.ts";
import { allStacks, now, statesOf, stepsOf, usuallyJudged, type Stack, type State } from "./steps.ts";
import { wayBack } from "./walk.ts";
import { domains, registered, zoneFiles } from "./zones.ts";
import { dump, load } from "js-yaml";

const modes = [
  ["dev alone", false, ["dev"]],
  ["three environments", true, [...allStacks]],
] as const;
const known = { zones: "zones", loweredAt: "2026-12-01T08:00:00Z" };

let directory: string;
beforeEach(() => {
  // Zone files are named by their path in the project.
  directory = mkdtempSync(join(root, "lab", "migration", ".test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The plan of a stack in a state, with its mistakes, and the records of its public zone; as `pulumi up` makes it. */
function planned(state: State, stack: Stack, all: boolean) {
  const zones = join(directory, "zones");
  mkdirSync(zones, { recursive: true });
  for (const [of, text] of Object.entries(zoneFiles(all, state.outside).project))
    writeFileSync(join(zones, `${of}.zone`), text);
  writeStackFiles(directory, state, { ...known, zones: inProject(zones) });
  const file = join(directory, `Pulumi.${stack}.yaml`);
  const text = load(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  text.config["platform:administrators"] = administrators;
  for (const { name, fields } of secretsOf(text.config["platform:environment"]))
    text.config[`platform:${name}`] = fields.length > 0 ? Object.fromEntries(fields.map((one) => [one, "x"])) : "none";
  writeFileSync(file, dump(text));
  const settings = checkSettings(settingsInFile(file, stack), join(root, "ansible"), root, directory);
  const { plan, mistakes } = settings.planWith(new Map());
  return { plan, mistakes, records: planPublicRecords(plan, settings.zoneFile, "198.51.100.7") };
}

describe.each(modes)("the steps of %s", (_, all, stacks) => {
  const steps = stepsOf(all);
  const states = statesOf(steps);

  test("have names of their own, and bring up each stack whose file they change", () => {
    expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
    for (const { files, ups } of steps) expect(ups).toEqual(expect.arrayContaining(Object.keys(files)));
    for (const { ups, back } of steps.filter(({ back }) => typeof back !== "string"))
      expect(new Set(back ?? ups)).toEqual(new Set(ups));
  });

  test("change stack files in which no mistake is found, at any point of the way", () => {
    for (const [index, state] of states.entries())
      for (const stack of stacks)
        expect(planned(state, stack, all).mistakes, `${stack} before ${steps[index]?.name ?? "the end"}`).toEqual([]);
  });

  test("take no peering from a stack that is protected, there and back: Pulumi would refuse that", () => {
    for (const [index, step] of steps.entries()) {
      const forth = states.slice(index, index + 2);
      for (const [from, to] of wayBack(step) ? [forth, forth.toReversed()] : [forth])
        for (const stack of stacks) {
          const { plan } = planned(from!, stack, all);
          const left = planned(to!, stack, all).plan.peers.filter(({ makes }) => makes);
          const taken = plan.peers.filter((peer) => peer.makes && !left.some((one) => one.stack === peer.stack));
          expect(plan.protect ? taken.map((peer) => peer.stack) : [], `${stack}, ${step.name}`).toEqual([]);
        }
    }
  });

  test("end as the project's own stack files are, but for the lab's times and what a migration leaves", () => {
    const end = states.at(-1)!;
    for (const stack of stacks) {
      const shipped = load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
        config: Record<string, { protect?: boolean; reverseProxy: { routes: unknown; entry?: string } }>;
      };
      const { protect, reverseProxy } = shipped.config["platform:environment"]!;
      expect(end.files[stack]["protect"] ?? protect, stack).toBe(protect);
      expect(end.files[stack]["reverseProxy.routes"]).toEqual(reverseProxy.routes);
    }
    expect(end.files.dev["reverseProxy.entry"]).toBe(all ? "production" : undefined);
    expect(end.outside).toMatchObject({ registry: "azure", oldHost: false, oldProvider: false });
  });

  test("let names lead where the records of Azure's zones lead, once they are asked", () => {
    const delegated = states.filter(({ outside }) => outside.registry === "azure");
    expect(delegated.length).toBeGreaterThan(2);
    for (const state of delegated)
      for (const stack of stacks) {
        const { records } = planned(state, stack, all);
        for (const { host, target, entry } of expectations(state, [stack])) {
          const name = host.slice(0, -domains[stack].length - 1);
          const [record] = records.filter((one) => one.name === name && ["A", "CNAME"].includes(one.type));
          const value = String(record?.values);
          const isOld = value === "old-host.example." || value === "198.51.100.15";
          expect(isOld ? "legacy" : "azure", `${host} at ${value}`).toBe(target);
          if (!isOld && entry !== stack) expect(value).toBe(`entry.${domains[entry]}.`);
        }
      }
  });

  test("move every host to its tier, and every name to Azure", () => {
    expect(expectations(states[1]!, stacks).map(({ share, target }) => [share, target])).toEqual(
      expectations(states[1]!, stacks).map(() => [0, "legacy"]),
    );
    for (const { share, target, entry } of expectations(states.at(-1)!, stacks))
      expect([share, target, entry]).toEqual([100, "azure", all ? "prod" : "dev"]);
  });
});

test("dev's names never lead to an entry that does not forward them: it is one before they are switched", () => {
  const names = stepsOf(true).map(({ name }) => name);
  expect(names.indexOf("dev-entry")).toBeLessThan(names.indexOf("dev-address"));
  expect(names.indexOf("dev-address")).toBeLessThan(names.indexOf("dev-private"));
});

test("of three environments what dev alone shows is not judged again, unless it is asked for", () => {
  const names = usuallyJudged(true).map(({ name }) => name);
  const left = stepsOf(true)
    .map(({ name }) => name)
    .filter((name) => !names.includes(name));
  expect(left).toEqual(["dev-back-tenth", "dev-back-half", "dev-back", "dev-front-half", "dev-front"]);
  expect(usuallyJudged(false)).toEqual(stepsOf(false));
});

test("the way back of a step is the lines of before; steps without one say why", () => {
  const steps = stepsOf(true);
  const [entry] = steps.filter(({ name }) => name === "dev-entry");
  expect(entry && wayBack(entry)).toEqual(["prod", "dev"]);
  const without = steps.filter((step) => wayBack(step) === undefined);
  expect(without.map(({ name }) => name)).toEqual(["stands", "certificates", "old-host-off", "authority"]);
  for (const { back } of without) expect(back).toMatch(/^none/);
});

test("a line of a stack file is set, put in anew and taken out; what is known later is filled in", () => {
  const file = { config: { "platform:environment": { reverseProxy: { public: true, instances: 2 } } } };
  const changes = { "reverseProxy.public": null, "dns.legacy": { loweredAt: now }, "dns.zoneFile": "<zones>/dev.zone" };
  expect(changed(file, changes, known)).toEqual({
    config: {
      "platform:environment": {
        reverseProxy: { instances: 2 },
        dns: { legacy: { loweredAt: known.loweredAt }, zoneFile: "zones/dev.zone" },
      },
    },
  });
  expect(file.config["platform:environment"].reverseProxy.public).toBe(true);
});

test("zone files are right, and the old provider's one zone has the hosts of all of them", () => {
  for (const all of [false, true]) {
    const { old, project } = zoneFiles(all, { timeToLive: 300 });
    expect(parseZoneFile(old, domains[registered(all)]).mistakes).toEqual([]);
    for (const [stack, text] of Object.entries(project))
      expect(parseZoneFile(text, domains[stack as Stack]).mistakes, stack).toEqual([]);
  }
  const { old, project } = zoneFiles(true, { timeToLive: 5 });
  expect(old).toContain("www.dev 5 CNAME old-host.example.");
  expect(project.prod).not.toContain("www.dev");
  expect(project.dev).toContain("www 5 CNAME old-host.example.");
});
