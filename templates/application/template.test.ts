import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { expect, test } from "vitest";

interface Job {
  extends?: string;
  rules?: { if: string; when?: string }[];
  id_tokens?: object;
  variables?: Record<string, string>;
  timeout?: string;
  environment?: { name: string };
  resource_group?: string;
  script?: string[];
}

const text = readFileSync(join(import.meta.dirname, "template.yml"), "utf8");
const [header] = loadAll(text) as [{ spec: { inputs: Record<string, { default?: string }> } }];
const inputs = Object.fromEntries(
  Object.entries(header.spec.inputs).map(([name, { default: standard }]) => [name, standard ?? `given-${name}`]),
);
const [, jobs] = loadAll(text.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => inputs[name] ?? name)) as [
  unknown,
  Record<string, Job>,
];
/** With what it extends, as GitLab merges them here. */
const whole = ({ extends: base = "", ...own }: Job): Job => ({ ...jobs[base], ...own });
const job = (name: string): Job => whole(jobs[`given-application:${name}`] ?? {});

const onMain = "$CI_PIPELINE_SOURCE =~ /^(push|web)$/ && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH";

test("every input is used, and every one that is used is declared", () => {
  const used = [...text.matchAll(/\$\[\[ inputs\.(\w+) \]\]/g)].map(([, name]) => name);
  expect([...new Set(used)].sort()).toEqual(Object.keys(inputs).sort());
});

test("a merge request tests, and gets no identity and no environment; what deploys is of main", () => {
  const ofMergeRequests = Object.entries(jobs).filter(([, { rules }]) =>
    rules?.some((rule) => rule.if.includes("merge_request_event")),
  );
  expect(ofMergeRequests.map(([name]) => name)).toEqual(["given-application:test"]);
  for (const [name, given] of Object.entries(jobs)) {
    if (name.startsWith(".")) continue;
    const { id_tokens, environment, rules } = whole(given);
    expect(Boolean(id_tokens), name).toBe(Boolean(environment));
    if (environment)
      expect(
        rules?.map((rule) => rule.if),
        name,
      ).toEqual([onMain]);
  }
});

test("what is built once is deployed onto development by itself, and onto production by hand", () => {
  expect(job("development").script).toEqual([
    '$PLATFORM/delivery/capistrano/pipeline "dev" "development" artifact.tar.gz',
  ]);
  expect(job("production").script).toEqual([
    '$PLATFORM/delivery/capistrano/pipeline "prod" "production" artifact.tar.gz',
  ]);
  expect(job("production").rules).toEqual([{ if: onMain, when: "manual" }]);
  expect(job("development").rules).toEqual([{ if: onMain }]);
  expect([job("development"), job("production")].map(({ resource_group }) => resource_group)).toEqual([
    "development/given-application",
    "production/given-application",
  ]);
  for (const name of ["build", "development", "production", "rollback"])
    expect(job(name).variables?.PLATFORM, `${name}: what is in the checkout goes onto machines`).toBe(
      "${CI_PROJECT_DIR}.platform",
    );
  expect(job("production").variables).toMatchObject({ ARM_USE_OIDC: "true", APPLICATION: "given-application" });
});

test("a rollback is production's, by hand, one at a time with its deployments, and no deployment of this commit", () => {
  const { environment, resource_group, rules, script } = job("rollback");
  expect(script).toEqual(['$PLATFORM/delivery/capistrano/pipeline "prod" "production" --rollback']);
  expect(rules).toEqual([{ if: onMain, when: "manual", allow_failure: true }]);
  expect(resource_group).toBe(job("production").resource_group);
  expect(environment).toEqual({ ...job("production").environment, action: "access" });
});

test("a deployment has as long as its certificate for SSH, and so has its ID token", () => {
  const pipeline = readFileSync(join(import.meta.dirname, "../../delivery/capistrano/pipeline"), "utf8");
  expect(/--minutes (\d+)/.exec(pipeline)?.[1]).toBe("60");
  for (const name of ["development", "production", "rollback"]) expect(job(name).timeout).toBe("1 hour");
});
