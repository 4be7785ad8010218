/** The components of this project, as their files say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { root } from "../../paths.ts";

interface Input {
  description?: string;
  type?: string;
  regex?: string;
  options?: unknown[];
  default?: unknown;
}

interface Rule {
  if?: string;
  when?: string;
  allow_failure?: boolean;
}

export interface Job {
  rules?: Rule[];
  extends?: string;
  artifacts?: { paths: string[] };
  tags?: string[];
  variables?: object;
  environment?: { name: string; action?: string };
}

/** Inputs that have to be given, each with a value that is allowed. */
export const needed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  preview: { stack: "dev" },
  exact: { stack: "dev", tier: "development" },
  apply: { stack: "dev", tier: "development" },
  application: {
    application: "front",
    platform_project: "platform/platform",
    platform_revision: "0123456789abcdef0123456789abcdef01234567",
    image: "registry.example/image",
    runner_tag: "platform",
  },
};

export function componentOf(name: string): { text: string; inputs: Record<string, Input>; jobs: Record<string, Job> } {
  const text = readFileSync(join(root, "templates", name, "template.yml"), "utf8");
  const [{ spec }, jobs] = loadAll(text) as [{ spec: { inputs: Record<string, Input> } }, Record<string, Job>];
  return { text, inputs: spec.inputs, jobs };
}
