/**
 * What GitLab asks of components and pipelines, and `gitlab-ci-local` does not:
 * https://docs.gitlab.com/ci/components/#directory-structure . It does not prove that GitLab takes them.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, matchesGlob } from "node:path";
import { load, loadAll } from "js-yaml";
import { describe, expect, test } from "vitest";
import { root } from "../paths.ts";
import { componentOf, type Job } from "./testing/components.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const readme = read("templates/README.md");
const components = globSync("templates/*/template.yml", { cwd: root }).map((path) => basename(dirname(path)));

test("there are components, and each is in the table of the README", () => {
  expect(components).toEqual(expect.arrayContaining(["apply", "exact", "preview"]));
  for (const name of components) expect(readme).toContain(`| \`${name}\` |`);
  expect(components.length).toBeLessThanOrEqual(30);
  expect(existsSync(join(root, "LICENSE"))).toBe(true);
});

describe.each(components)("component %s", (name) => {
  const { text, inputs, jobs } = componentOf(name);
  const own = `templates/${name}/README.md`;
  const told = existsSync(join(root, own)) ? readme + read(own) : readme;
  const used = new Set([...text.matchAll(/\$\[\[ inputs\.(\w+) \]\]/g)].map(([, input]) => input ?? ""));

  test("describes its inputs, uses all of them and no other", () => {
    expect([...used].sort()).toEqual(Object.keys(inputs).sort());
    for (const { description = "" } of Object.values(inputs)) expect(description).toMatch(/^[A-Z].*\.$/);
  });

  test("interpolates only what YAML reads as one string", () => {
    // Within a flow sequence or as a key, the brackets would be YAML's own.
    const filled = (one: string) => one.replace(/\$\[\[ inputs\.(\w+) \]\]/g, "$1");
    const strings = JSON.stringify(loadAll(text));
    expect(loadAll(filled(text))).toEqual(JSON.parse(filled(strings)));
  });

  test("uses in rules what GitLab takes", () => {
    for (const { rules = [] } of Object.values(jobs))
      for (const rule of rules) expect(rule.if ?? "").not.toContain("${");
  });

  test("keeps the files that it names, and no others that lie there", () => {
    for (const { artifacts } of Object.values(jobs)) expect(artifacts?.paths.join(" ") ?? "").not.toMatch(/[*?]|\/$/);
  });

  test("takes variables only that the README tells of", () => {
    const others = ["STACK", "ARM_OIDC_TOKEN", "AZURE_FEDERATED_TOKEN_FILE"];
    const variables = [...text.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, variable]) => variable ?? "");
    const own = Object.values(jobs).flatMap((job) => Object.keys(job.variables ?? {}));
    for (const variable of variables)
      if (!variable.startsWith("CI_") && ![...others, ...own].includes(variable))
        expect(told).toContain(`\`${variable}\``);
  });
});

describe("the pipeline", () => {
  const pipeline = load(read(".gitlab-ci.yml")) as {
    include: { component: string; inputs: { stack: string; tier?: string; before?: string[] } }[];
  };

  test("previews, previews exactly and applies each stack that there is", () => {
    const stacks = globSync("Pulumi.*.yaml", { cwd: root }).map((path) => path.split(".")[1] ?? "");
    for (const name of ["preview", "exact", "apply"]) {
      const included = pipeline.include.filter(({ component }) => component.includes(`/${name}@$CI_COMMIT_SHA`));
      expect(included.map(({ inputs }) => inputs.stack).sort()).toEqual(stacks.sort());
    }
  });

  test("gives each job that reaches machines its way there", () => {
    for (const { component, inputs } of pipeline.include)
      if (!component.includes("/preview@")) expect(inputs.before?.join("\n")).toMatch(/^bin\/setup check\n[^]*--agent/);
    expect(readme).toContain("| `PLATFORM_CERTIFICATE_MINUTES` |");
  });

  test("previews, exact previews and applies follow the same files", () => {
    const followed = ["preview", "exact", "apply"].map((name) => componentOf(name).inputs["changes"]?.default);
    expect(new Set(followed.map((paths) => JSON.stringify(paths))).size).toBe(1);
    const made = [
      "index.ts",
      "bin/setup",
      "requirements.txt",
      "requirements-node.txt",
      "package-lock.json",
      "Pulumi.yaml",
    ];
    const patterns = followed[0] as string[];
    expect(made.filter((path) => !patterns.some((pattern) => matchesGlob(path, pattern)))).toEqual([]);
  });

  test.each(["apply", "exact"])(
    "gives each stack a tier of its own in %s, since the tier decides who logs in as which identity",
    (name) => {
      const tiers = pipeline.include.flatMap(({ component, inputs: { tier } }) =>
        component.includes(`/${name}@`) ? [tier] : [],
      );
      expect(tiers).not.toContain(undefined);
      expect(new Set(tiers).size).toBe(tiers.length);
    },
  );

  test("notes and applies run on protected runners, which the README names", () => {
    const { notes } = pipeline as unknown as Record<string, Job>;
    const { inputs, jobs } = componentOf("apply");
    expect(notes?.tags).toEqual([inputs["runner_tag"]?.default]);
    expect(readme).toContain(`runners with the tag \`${notes?.tags?.[0]}\``);
    for (const [name, { tags, extends: base = "" }] of Object.entries(jobs))
      expect(tags ?? jobs[base]?.tags, name).toEqual(["$[[ inputs.runner_tag ]]"]);
  });

  test("has no job of merge requests that asks for the project token or an ID token, but the previews", () => {
    for (const [name, job] of Object.entries(pipeline as Record<string, Job>)) {
      if (!job.rules?.some((rule) => rule.if?.includes("merge_request_event"))) continue;
      expect(JSON.stringify(job), name).not.toMatch(/TOKEN|WRITER|id_tokens/);
    }
  });
});

describe("the exact preview", () => {
  const [job] = Object.values(componentOf("exact").jobs);

  test("is made by hand only, never of a fork's commit, and no merge request waits for it", () => {
    const rules = job?.rules ?? [];
    expect(rules[0]).toMatchObject({ when: "never" });
    expect(rules[0]?.if).toContain("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_MERGE_REQUEST_PROJECT_ID");
    for (const rule of rules.slice(1)) expect(rule).toMatchObject({ when: "manual", allow_failure: true });
  });

  test("is a deployment to an environment of its own, which approvals are asked for", () => {
    const { name, action } = job?.environment ?? {};
    expect(name).toBe("$[[ inputs.stack ]]-exact");
    // https://gitlab.com/gitlab-org/gitlab/-/issues/437132 : other actions need no approval.
    expect([undefined, "start"]).toContain(action);
  });
});
