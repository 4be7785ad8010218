/**
 * Runs the jobs of `.gitlab-ci.yml` as GitLab and a runner would, with `gitlab-ci-local`: each in a clone of its own, with
 * the variables that its branch and environment have. It cannot imitate pipelines of merge requests
 * (https://github.com/firecow/gitlab-ci-local/issues/1663), so what GitLab tells their jobs is told here, by
 * https://docs.gitlab.com/ci/variables/predefined_variables/ .
 */
import { load } from "js-yaml";
import {
  type FakeGitLab,
  type FakeJob,
  type FakeMergeRequest,
  type FakePipeline,
  projectId,
} from "../../../delivery/gitlab/testing/server.ts";
import type { Issuer } from "../issuer.ts";
import { runCiLocal, type RunnerOptions } from "./runner.ts";

/** A variable of the project's settings. https://docs.gitlab.com/ci/variables/ */
export interface Variable {
  name: string;
  value: string;
  /** Only for jobs of protected branches. */
  protected?: true;
  /** Only for jobs of this environment. */
  environment?: string;
}

/** Why a pipeline runs. */
export type Cause =
  | {
      kind: "merge_request";
      mergeRequest: FakeMergeRequest;
      branch: string;
      /** Its code is a fork's, and somebody lets the pipeline run in this project. The fork calls the branch so. */
      fork?: { branch: string };
    }
  | { kind: "push"; before: string }
  /** Somebody runs one on main. */
  | { kind: "web" }
  | { kind: "schedule"; description: string };

export interface JobResult {
  id: number;
  name: string;
  status: "success" | "failed" | "manual" | "skipped";
  output: string;
  /** Artifacts and reports by their file names. */
  files: Record<string, string>;
  /** The job's clone; undefined where it did not run. */
  clone?: string;
}

export interface PipelineResult {
  id: number;
  jobs: JobResult[];
}

/** @throws Error that names the jobs which there are. */
export const jobOf = ({ jobs }: PipelineResult, name: string): JobResult => {
  const job = jobs.find((one) => one.name === name);
  if (!job) throw new Error(`there is no job ${name}, but ${jobs.map((one) => one.name).join(", ")}`);
  return job;
};

export interface Options extends RunnerOptions {
  gitlab: FakeGitLab;
  issuer: Issuer;
  variables: readonly Variable[];
  /** GitLab's environments, which are all protected: they take jobs that somebody starts who may deploy. */
  environments: readonly string[];
  /** Names of jobs that are taken as run, such as checks that have tests of their own. */
  skip: readonly string[];
}

export const project = "platform/platform";

/** A job as `gitlab-ci-local --list-csv-all` tells it. */
interface Planned {
  name: string;
  stage: string;
  when: string;
  environment: string;
  /** Undefined: all of the stages before. */
  needs?: string[] | undefined;
}

/** A job's environment, as its author says it. */
interface Environment {
  name: string;
  deployment_tier: string;
  /** `access` records no deployment. */
  action?: string;
}

interface Running {
  id: number;
  name: string;
  environment?: Environment | undefined;
  artifacts?: Readonly<Record<string, string>>;
}

/** A pipeline that has run, for what somebody starts in it later. */
interface Ran {
  cause: Cause;
  commit: string;
  pipeline: FakePipeline;
  planned: readonly Planned[];
}

/** Why a job is not run. */
interface Left {
  manual: boolean;
  /** Nobody starts it: it begins as its author's. */
  byItself: boolean;
  skipped: boolean;
  failed: boolean;
}

export class Pipelines {
  readonly #options: Options;
  readonly #ran = new Map<number, Ran>();

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Runs a pipeline: its jobs one after the other, those of stages after a failed one not.
   *
   * @param start Manual jobs that somebody starts who may deploy.
   */
  async run(cause: Cause, start: readonly string[] = []): Promise<PipelineResult> {
    const { gitlab, origin } = this.#options;
    const commit = origin.head(cause.kind === "merge_request" ? cause.branch : "main");
    const pipeline: FakePipeline = { id: gitlab.nextId(), sha: commit, project_id: projectId, jobs: [] };
    if (cause.kind === "merge_request") cause.mergeRequest.pipelines.push(pipeline);
    else gitlab.pipelines.push(pipeline);
    const planned = (await this.plan(cause, commit, pipeline.id)).filter(({ when }) => when !== "never");
    const ran = { cause, commit, pipeline, planned };
    this.#ran.set(pipeline.id, ran);
    const jobs: JobResult[] = [];
    const failedStages = new Set<string>();
    for (const job of planned) {
      const result = await this.#add(ran, job, {
        manual: job.when === "manual" && !start.includes(job.name),
        byItself: job.when !== "manual",
        skipped: this.#options.skip.includes(job.name),
        // A job that somebody starts does not wait for others.
        failed: job.when !== "manual" && [...failedStages].some((stage) => stage !== job.stage),
      });
      if (result.status === "failed") failedStages.add(job.stage);
      jobs.push(result);
    }
    return { id: pipeline.id, jobs };
  }

  /** Somebody who may deploy starts a job of a pipeline that has run: a manual one, or one that has ended, anew. */
  async start(pipeline: number, name: string): Promise<JobResult> {
    const ran = this.#ran.get(pipeline);
    const job = ran?.planned.find((one) => one.name === name);
    if (!ran || !job) throw new Error(`pipeline ${pipeline} has no job ${name}`);
    return this.#add(ran, job, { manual: false, byItself: false, skipped: false, failed: false });
  }

  async #add(ran: Ran, { name, ...planned }: Planned, left: Left): Promise<JobResult> {
    const { cause, commit, pipeline } = ran;
    const id = this.#options.gitlab.nextId();
    const shown: FakeJob = { id, name, status: "running", artifacts: {} };
    pipeline.jobs.push(shown);
    const runs = planned.environment !== "" && !left.manual;
    const environment = runs ? await this.#environmentOf(name, cause, commit, pipeline.id) : undefined;
    if (environment?.action !== "access") shown.environment = environment?.name;
    const artifacts = artifactsFor(ran, planned);
    const result = await this.#runUnlessLeft({ id, name, environment, artifacts }, cause, commit, pipeline.id, left);
    Object.assign(shown, { status: result.status, artifacts: result.files });
    return result;
  }

  async #environmentOf(name: string, cause: Cause, commit: string, pipeline: number): Promise<Environment> {
    const job = { id: this.#options.gitlab.nextId(), name: "preview" };
    const { output } = await this.#ciLocal(cause, commit, pipeline, job, ["--preview"]);
    const jobs = load(output.slice(output.indexOf("---\n"))) as Record<string, { environment?: Partial<Environment> }>;
    const { environment } = jobs[name] ?? {};
    if (!environment?.name || !environment.deployment_tier)
      throw new Error(`job ${name} names no deployment_tier; which one GitLab gives it is not known here`);
    return environment as Environment;
  }

  /** The jobs that a pipeline has, in the order of its stages. */
  async plan(cause: Cause, commit: string, pipeline: number): Promise<Planned[]> {
    const job = { id: this.#options.gitlab.nextId(), name: "plan" };
    const { output, status } = await this.#ciLocal(cause, commit, pipeline, job, ["--list-csv-all"]);
    const lines = output.split("\n").filter((line) => /^[^;]+;[^;]*;[a-z_]+;/.test(line));
    if (status !== 0 || lines.length === 0) throw new Error(`gitlab-ci-local lists no jobs:\n${output}`);
    return lines.flatMap((line) => {
      const [name = "", stage = "", when = "", , environment = "", needs = ""] = line.split(";");
      if (when === "when") return [];
      return [{ name, stage, when, environment, needs: needs === "" ? undefined : needs.slice(1, -1).split(",") }];
    });
  }

  async #runUnlessLeft(job: Running, cause: Cause, commit: string, pipeline: number, left: Left): Promise<JobResult> {
    const { id, name } = job;
    const done = (status: JobResult["status"]): JobResult => ({ id, name, status, output: "", files: {} });
    if (left.manual) return done("manual");
    if (left.failed) return done("skipped");
    if (left.skipped) return done("success");
    // https://docs.gitlab.com/ci/environments/protected_environments/ : an author may not deploy, those who merge may.
    if (cause.kind === "merge_request" && left.byItself && this.#isProtected(job)) return done("failed");
    const { status, output, files, clone } = await this.#ciLocal(cause, commit, pipeline, job, [name]);
    // Where a job's failure is allowed, gitlab-ci-local warns of it and ends well.
    const warned = output.split("\n").some((line) => line.startsWith(`${name} finished in`) && line.includes(" WARN "));
    return { id, name, status: status === 0 && !warned ? "success" : "failed", output, files, clone };
  }

  #isProtected({ environment }: Running): boolean {
    return environment !== undefined && this.#options.environments.includes(environment.name);
  }

  /** Runs `gitlab-ci-local` as a runner does for a job. */
  async #ciLocal(cause: Cause, commit: string, pipeline: number, job: Running, words: string[]) {
    const { origin, gitlab } = this.#options;
    const isProtected = cause.kind !== "merge_request";
    return runCiLocal(this.#options, words, {
      id: `${pipeline}-${job.id}`,
      checkout: {
        commit,
        branch: isProtected ? "main" : (cause.fork?.branch ?? cause.branch),
        compare: cause.kind === "push" ? cause.before : origin.base("main", commit),
        url: `${gitlab.projectUrl}.git`,
      },
      isProtected,
      environment: job.environment?.name,
      artifacts: job.artifacts,
      variables: {
        ...this.#settings(isProtected, job.environment?.name),
        ...(await this.#predefined(cause, pipeline, job, isProtected)),
      },
    });
  }

  /** Variables of the project's settings that a job has. */
  #settings(isProtected: boolean, environment: string | undefined): Record<string, string> {
    return Object.fromEntries(
      this.#options.variables
        .filter((variable) => isProtected || !variable.protected)
        .filter((variable) => variable.environment === undefined || variable.environment === environment)
        .map(({ name, value }) => [name, value]),
    );
  }

  async #predefined(
    cause: Cause,
    pipeline: number,
    job: Running,
    isProtected: boolean,
  ): Promise<Record<string, string>> {
    const { issuer, gitlab } = this.#options;
    const { id, environment } = job;
    const token = await issuer.token(gitlab.url, {
      // Of the project whose code runs: gitlabhq/gitlabhq lib/gitlab/ci/jwt.rb
      project: cause.kind === "merge_request" && cause.fork ? "somebody/platform" : project,
      ref: cause.kind === "merge_request" ? cause.branch : "main",
      refProtected: isProtected,
      ...(environment && { environment: { protected: this.#isProtected(job), tier: environment.deployment_tier } }),
    });
    return {
      GITLAB_CI: "true",
      CI_PROJECT_ID: String(projectId),
      CI_PIPELINE_ID: String(pipeline),
      CI_JOB_ID: String(id),
      // A job's own token may not comment.
      CI_JOB_TOKEN: `job-token-${id}`,
      CI_PIPELINE_SOURCE: cause.kind === "merge_request" ? "merge_request_event" : cause.kind,
      CI_COMMIT_REF_PROTECTED: String(isProtected),
      ...(cause.kind === "schedule" ? { CI_PIPELINE_SCHEDULE_DESCRIPTION: cause.description } : {}),
      // gitlab-ci-local does not know `id_tokens`. An author may give them to any job.
      ARM_OIDC_TOKEN: token,
      ...(cause.kind === "merge_request" ? predefinedOf(cause) : {}),
    };
  }
}

/** Of the jobs that it needs, else of all stages before its own: https://docs.gitlab.com/ci/jobs/job_artifacts/ */
function artifactsFor({ pipeline, planned }: Ran, { stage, needs }: Omit<Planned, "name">): Record<string, string> {
  const first = planned.findIndex((one) => one.stage === stage);
  const from = needs ?? planned.slice(0, first).map(({ name }) => name);
  return Object.fromEntries(
    pipeline.jobs.flatMap(({ name, artifacts }) => (from.includes(name) ? Object.entries(artifacts) : [])),
  );
}

function predefinedOf({
  mergeRequest,
  branch,
  fork,
}: Extract<Cause, { kind: "merge_request" }>): Record<string, string> {
  return {
    CI_MERGE_REQUEST_IID: String(mergeRequest.iid),
    CI_MERGE_REQUEST_PROJECT_ID: String(projectId),
    CI_MERGE_REQUEST_PROJECT_PATH: project,
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: String(fork ? projectId + 1 : projectId),
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: fork?.branch ?? branch,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
    CI_MERGE_REQUEST_EVENT_TYPE: "detached",
    CI_OPEN_MERGE_REQUESTS: `${project}!${mergeRequest.iid}`,
  };
}
