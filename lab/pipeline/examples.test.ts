/** What the READMEs show is what the components take, and what they do not take is refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { root } from "../paths.ts";
import { componentOf, needed } from "./testing/components.ts";

interface Included {
  component: string;
  inputs: Record<string, unknown>;
}

interface Pipeline {
  include?: Included[];
  workflow?: { rules: { if: string; auto_cancel?: { on_new_commit: string } }[] };
}

const read = (path: string) => readFileSync(join(root, path), "utf8");

/**
 * What GitLab finds wrong with inputs. https://docs.gitlab.com/ci/inputs/ : a `regex` has no slashes around it, and is for
 * strings only.
 */
function mistakes(component: string, given: Record<string, unknown>): string[] {
  const declared = componentOf(component).inputs;
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  return [
    ...unknown.map((name) => `${name}: unknown`),
    ...Object.entries(declared).flatMap(([name, { type = "string", regex, options, default: standard }]) => {
      const value = given[name] ?? standard;
      if (value === undefined) return [`${name}: missing`];
      const isOfType = type === "array" ? Array.isArray(value) : typeof value === type;
      if (!isOfType) return [`${name}: no ${type}`];
      if (options && !options.includes(value)) return [`${name}: not among ${options.join(", ")}`];
      return regex && !new RegExp(regex).test(value as string) ? [`${name}: not ${regex}`] : [];
    }),
  ];
}

describe.each(Object.keys(needed))("inputs of %s", (component) => {
  const given = needed[component] ?? {};

  test("are right as they are needed, and each of them is needed", () => {
    expect(mistakes(component, given)).toEqual([]);
    for (const name of Object.keys(given))
      expect(mistakes(component, { ...given, [name]: undefined })).toEqual([`${name}: missing`]);
    expect(mistakes(component, { ...given, other: "one" })).toEqual(["other: unknown"]);
  });

  test("name nothing that is more than a name", () => {
    const [name = ""] = Object.keys(given);
    for (const wrong of ["", "-dev", "../dev", "a b", "dev;id", "$(id)", "`id`", 'a"b', "dev\nid", "a/b"])
      expect(mistakes(component, { ...given, [name]: wrong }), JSON.stringify(wrong)).toHaveLength(1);
  });
});

test("an apply has one of GitLab's tiers, and begins as GitLab knows it", () => {
  expect(mistakes("apply", { ...needed.apply, tier: "prod" })).toHaveLength(1);
  expect(mistakes("apply", { ...needed.apply, when: "always" })).toHaveLength(1);
});

/** The YAML that documents show. */
const shown = ["templates/README.md", "templates/application/README.md", "docs/azure.md", ".gitlab-ci.yml"].flatMap(
  (path): [string, Pipeline][] => {
    if (path.endsWith(".yml")) return [[path, load(read(path)) as Pipeline]];
    return [...read(path).matchAll(/^( *)```yaml\n([\s\S]*?)^\1```$/gm)].map(([, indent = "", text = ""]) => [
      path,
      load(text.replaceAll(new RegExp(`^${indent}`, "gm"), "")) as Pipeline,
    ]);
  },
);

test("what documents include is there, with inputs that it takes", () => {
  const included = shown.flatMap(([path, { include = [] }]) => include.map((one) => [path, one] as const));
  expect(new Set(included.map(([path]) => path))).toEqual(
    new Set(["templates/README.md", "templates/application/README.md", ".gitlab-ci.yml"]),
  );
  for (const [path, { component, inputs }] of included) {
    const [, name = ""] = /^\$CI_SERVER_FQDN\/[\w/$]+\/(\w+)@[\w.$]+$/.exec(component) ?? [];
    expect(mistakes(name, inputs), `${path}: ${component}`).toEqual([]);
  }
});

test("a push with a merge request has one pipeline, and the next merge cancels none of main", () => {
  const workflows = shown.flatMap(([, { workflow }]) => workflow ?? []);
  expect(workflows).toHaveLength(3);
  for (const { rules } of workflows)
    expect(rules).toEqual([
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
      { if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", auto_cancel: { on_new_commit: "none" } },
    ]);
});
