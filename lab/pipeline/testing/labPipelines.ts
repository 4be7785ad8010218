/** Pipelines of this project against the lab: its ARM, its states, and a GitLab that stands in for the real one. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mergeRequest } from "../../../delivery/gitlab/testing/fixture.ts";
import { FakeGitLab, type FakeMergeRequest } from "../../../delivery/gitlab/testing/server.ts";
import { succeed } from "../../../e2e/command.ts";
import { authority } from "../../authority.ts";
import { prepare } from "../../cli/pulumi.ts";
import { credentials } from "../../credentials.ts";
import { arrangePlugins } from "../../engine/plugins.ts";
import { gitlabSubject } from "../../gitlabToken.ts";
import { root, stateDir } from "../../paths.ts";
import { makeIdentities, removeIdentities, roles } from "../identities.ts";
import { Issuer } from "../issuer.ts";
import { type Changes, Origin } from "../origin.ts";
import { type Cause, type JobResult, type PipelineResult, Pipelines, project } from "./pipelines.ts";
import { labStackFiles } from "../stackFiles.ts";

/** The stacks, and the tiers of their environments. */
const tiers = { dev: "development", prod: "production", tools: "other" };
const exact = (stack: string) => `${stack}-exact`;
/** Environments of the project in GitLab, all protected. */
const environments = Object.keys(tiers).flatMap((stack) => [stack, exact(stack)]);

const backend = join(stateDir, "pulumi");
/** Where `bin/lab delivery` has it. */
const previews = join(stateDir, "previews");
const ssh = join(stateDir, "ssh");

const builtEngine = join(process.env.ENGINE_HOME ?? "", "pulumi");

/** Checks have tests of their own. */
const checks = ["check"];

export interface LabPipelines {
  gitlab: FakeGitLab;
  origin: Origin;
  /** Client IDs of the identities: `reader`, the writer of each stack, and `<stack>-exact`. */
  identities: Readonly<Record<string, string>>;
  /** A new merge request of a branch. */
  open: (branch: string, changes: Changes) => FakeMergeRequest;
  /** The pipeline of a merge request's newest commit. */
  ofRequest: (request: FakeMergeRequest, branch: string, fork?: { branch: string }) => Promise<PipelineResult>;
  /** Somebody who may deploy to the project's environments starts a job of a merge request's pipeline. */
  start: (pipeline: number, job: string) => Promise<JobResult>;
  /** The pipeline of a merge, with the manual jobs that somebody starts. */
  merge: (request: FakeMergeRequest, branch: string, start?: readonly string[]) => Promise<PipelineResult>;
  /** A pipeline of main by a schedule. */
  scheduled: (what: "notes" | "drift") => Promise<PipelineResult>;
  /** Writes the copy of a stack's state for previews, as somebody does once who may read the state. */
  publish: (stack: string) => Promise<void>;
  end: () => Promise<void>;
}

/**
 * Stacks that are up are there for the pipelines, too.
 *
 * @param skip Further jobs that are taken as run.
 */
export async function startLabPipelines(skip: readonly string[] = []): Promise<LabPipelines> {
  const directory = mkdtempSync(join(tmpdir(), "lab-pipelines-"));
  const place = (name: string) => {
    const folder = join(directory, name);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    return folder;
  };
  execFileSync("chmod", ["a+rx", directory]);
  // Writes the stack files of all stacks.
  prepare();
  const gitlab = new FakeGitLab(`project-token-${Math.random().toString(36).slice(2)}`);
  const issuer = new Issuer();
  gitlab.other = (request, response) => issuer.answer(gitlab.url, request, response);
  await gitlab.listen();
  const origin = new Origin(place("origin"), root);
  origin.commit("main", labStackFiles());
  const identities = await makeIdentities([
    {
      name: "reader",
      issuer: gitlab.url,
      subject: gitlabSubject({ project, ref: "any", refProtected: false }),
      roles: [roles.reader],
    },
    ...Object.entries(tiers).flatMap(([stack, tier]) => {
      const subjectOf = (refProtected: boolean) =>
        gitlabSubject({ project, ref: "any", refProtected, environment: { protected: true, tier } });
      return [
        { name: stack, issuer: gitlab.url, subject: subjectOf(true), roles: [roles.contributor, roles.rights] },
        // What it reads beyond, the lab keeps in files: `readIn` below. The passphrase is all stacks', in place of a key each.
        { name: exact(stack), issuer: gitlab.url, subject: subjectOf(false), roles: [roles.reader, roles.inventory] },
      ];
    }),
  ]);
  mkdirSync(previews, { recursive: true });
  const { subscriptionId, tenantId, passphrase } = credentials();
  const previewBackend = `file://${previews}`;
  const pipelines = new Pipelines({
    origin,
    gitlab,
    issuer,
    directory: place("jobs"),
    variables: [
      { name: "PLATFORM_IMAGE", value: "none" },
      { name: "PLATFORM_PREVIEW_BACKEND", value: previewBackend },
      { name: "PLATFORM_READER_CLIENT_ID", value: identities.reader ?? "" },
      { name: "PLATFORM_TENANT_ID", value: tenantId },
      { name: "PLATFORM_SUBSCRIPTION_ID", value: subscriptionId },
      { name: "PLATFORM_GITLAB_TOKEN", value: gitlab.token, protected: true },
      { name: "PULUMI_BACKEND_URL", value: `file://${backend}`, protected: true },
      { name: "PULUMI_CONFIG_PASSPHRASE", value: passphrase, protected: true },
      ...Object.keys(tiers).map((stack) => ({
        name: "PLATFORM_WRITER_CLIENT_ID",
        value: identities[stack] ?? "",
        protected: true as const,
        environment: stack,
      })),
      ...Object.keys(tiers).flatMap((stack) => [
        { name: "PLATFORM_EXACT_CLIENT_ID", value: identities[exact(stack)] ?? "", environment: exact(stack) },
        { name: "PULUMI_BACKEND_URL", value: `file://${backend}`, environment: exact(stack) },
        { name: "PULUMI_CONFIG_PASSPHRASE", value: passphrase, environment: exact(stack) },
      ]),
    ],
    environments,
    runner: {
      NODE_EXTRA_CA_CERTS: authority().bundleFile,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    read: [join(stateDir, "tls", "bundle.pem"), previews],
    write: [backend, previews, ssh],
    readIn: Object.fromEntries(Object.keys(tiers).map((stack) => [exact(stack), [backend]])),
    // Pulumi writes there, so that each job has one of its own.
    furnish: (home) => arrangePlugins({ pulumiHome: join(home, ".pulumi"), builtEngine }),
    confine: true,
    skip: [...checks, ...skip],
  });

  // Unreviewed code reads what is published, as a reader of the container does. Jobs of main have more, as nobody.
  const readable = () => execFileSync("chmod", ["-R", "a+rX", previews]);
  const lend = async <T>(work: () => Promise<T>): Promise<T> => {
    const lent = [backend, previews, ssh].filter((path) => existsSync(path));
    execFileSync("chown", ["-R", "nobody:nogroup", ...lent]);
    try {
      return await work();
    } finally {
      execFileSync("chown", ["-R", "root:root", ...lent]);
    }
  };
  const run = (cause: Cause, start: readonly string[] = []) => {
    readable();
    const work = () => pipelines.run(cause, start);
    return cause.kind === "merge_request" ? work() : lend(work);
  };

  return {
    gitlab,
    origin,
    identities,
    open: (branch, changes) => {
      const request = mergeRequest(gitlab.nextId(), { sha: origin.commit(branch, changes) });
      gitlab.mergeRequests.push(request);
      return request;
    },
    ofRequest: (request, branch, fork) => run({ kind: "merge_request", mergeRequest: request, branch, fork }),
    merge: (request, branch, start) => {
      const before = origin.head();
      Object.assign(request, { state: "merged", sha: origin.head(branch), merge_commit_sha: origin.merge(branch) });
      return run({ kind: "push", before }, start);
    },
    start: (pipeline, job) => lend(() => pipelines.start(pipeline, job)),
    scheduled: (what) => run({ kind: "schedule", description: what }),
    publish: async (stack) => {
      const clone = join(directory, "publish");
      rmSync(clone, { recursive: true, force: true });
      const head = origin.head();
      origin.cloneTo(clone, { commit: head, branch: "main", compare: head, url: gitlab.projectUrl });
      const { subscriptionId: ARM_SUBSCRIPTION_ID } = credentials();
      const env = { ...prepare(stack), PLATFORM_PREVIEW_BACKEND: previewBackend, ARM_SUBSCRIPTION_ID };
      await succeed([process.execPath, join(root, "delivery", "main.ts"), "publish", stack], { cwd: clone, env });
    },
    end: async () => {
      await removeIdentities().catch(() => {});
      await gitlab.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
