/** What GitLab says of a job in the ID token that other clouds trust: one place for all who sign such tokens here. */

/** Audience of the tokens that Azure takes. */
export const tokenExchange = "api://AzureADTokenExchange";

/** What GitLab knows of a job, whatever its author says. */
export interface Job {
  /** Of the project whose code runs: in a pipeline of a merge request from a fork, the fork. */
  project: string;
  refType?: "branch" | "tag";
  ref: string;
  /** False in pipelines of merge requests, unless the project protects those between protected branches. */
  refProtected: boolean;
  environment?: { protected: boolean; tier: string };
}

/** What a project's ID tokens are made of, as `bin/azure-state` has it. */
const safeComponents = ["project_path", "ref_type", "ref_protected", "environment_protected", "deployment_tier"];

/**
 * The subject of a job's ID token, made of the components that the project names; those that a job lacks are left out.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
 */
export function gitlabSubject(job: Job, components: readonly string[] = safeComponents): string {
  const claims: Record<string, string | undefined> = {
    project_path: job.project,
    ref_type: job.refType ?? "branch",
    ref: job.ref,
    ref_protected: String(job.refProtected),
    environment_protected: job.environment && String(job.environment.protected),
    deployment_tier: job.environment?.tier,
  };
  return components.flatMap((name) => (claims[name] === undefined ? [] : [name, claims[name]])).join(":");
}
