/** What GitLab tells a job: https://docs.gitlab.com/ci/variables/predefined_variables/ . */
import { UsageError } from "../project.ts";

export interface Settings {
  /** For example `https://gitlab.example.com`. */
  server: string;
  projectId: number;
  /** For example `https://gitlab.example.com/group/project`. */
  projectUrl: string;
  /** A token of the project with the scope `api`: a job's own may not comment. */
  token: string;
}

/** A job's own place. */
export interface OwnJob {
  commit: string;
  pipeline: number;
  job: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function settingsOf(env: Environment = process.env): Settings {
  const api = required(env, "CI_API_V4_URL");
  if (!api.endsWith("/api/v4"))
    throw new UsageError(`CI_API_V4_URL: given ${api}, allowed is an address that ends in /api/v4`);
  return {
    server: api.slice(0, -"/api/v4".length),
    projectId: numberIn(env, "CI_PROJECT_ID"),
    projectUrl: required(env, "CI_PROJECT_URL"),
    token: required(env, "PLATFORM_GITLAB_TOKEN"),
  };
}

export function ownJob(env: Environment = process.env): OwnJob {
  return { commit: commitOf(env), pipeline: numberIn(env, "CI_PIPELINE_ID"), job: numberIn(env, "CI_JOB_ID") };
}

export function commitOf(env: Environment = process.env): string {
  const commit = required(env, "CI_COMMIT_SHA");
  if (!/^[0-9a-f]{40}$/.test(commit))
    throw new UsageError(`CI_COMMIT_SHA: given ${commit}, allowed are 40 hexadecimal digits`);
  return commit;
}

/** A number that GitLab gives, such as `CI_PIPELINE_ID`. */
function numberIn(env: Environment, name: string): number {
  const value = required(env, name);
  if (!/^\d+$/.test(value)) throw new UsageError(`${name}: given ${value}, allowed is a number`);
  return Number(value);
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === "")
    throw new UsageError(
      `${name} is not set; GitLab sets CI_* in its jobs, and the project's settings have PLATFORM_GITLAB_TOKEN`,
    );
  return value;
}
