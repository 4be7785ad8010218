/** What a release is called, where it is kept, and what says that it is deployed. Pure. */
import { z } from "zod";

/** Container of the environment's storage account in which all of it is. */
export const container = "artifacts";

const applicationText = "an application's name, as in the stack file: lower-case letters, digits and hyphens";
const releaseText = "what `bin/artifact build` printed, for example 20261129174500-0123456789ab";

/** The name of an application; it becomes part of a path. */
export const applicationName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, { error: applicationText });
/** `<YYYYMMDDHHMMSS>-<first 12 of the commit>`, the time being that of the commit: the same commit, the same release. */
export const releaseName = z.string().regex(/^\d{14}-[0-9a-f]{12}$/, { error: releaseText });
export const sha256Hash = z.string().regex(/^[0-9a-f]{64}$/, { error: "a SHA-256 in hexadecimal" });
const commit = z.string().regex(/^[0-9a-f]{40}$/, { error: "a commit: 40 hexadecimal digits" });

/** What is deployed: machines that are born take it, and those that stand are brought to it. */
export const pointerSchema = z.object({
  application: applicationName,
  release: releaseName,
  /** Path of the artifact in the container. */
  artifact: z.string(),
  sha256: sha256Hash,
  revision: commit,
  /** The person or the pipeline that deployed it. */
  by: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Address of the pipeline. */
  pipeline: z.string().optional(),
});

export type Pointer = z.output<typeof pointerSchema>;

/** What an artifact says of itself, in its files RELEASE and REVISION. */
export const identitySchema = z.object({ release: releaseName, revision: commit });

export type Identity = z.output<typeof identitySchema>;

export const artifactPath = (application: string, release: string): string =>
  `applications/${application}/${release}.tar.gz`;

export const pointerPath = (environment: string, application: string): string =>
  `deployed/${environment}/${application}`;

/**
 * The release of a commit.
 *
 * @param committed Time of the commit.
 */
export function releaseOf(commit: string, committed: Date): string {
  return `${committed
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(/\D/g, "")}-${commit.slice(0, 12)}`;
}
