/** Releases, as CHANGELOG.md tells of them. Pure. */

/** A section `## [0.2.0] - 2026-11-25` of the changelog. */
export interface Release {
  version: string;
  /** The commit that it is, from the line `Commit: <hash>`; absent until a later commit names it. */
  commit?: string;
  /** Names of resources that an upgrade to it replaces, from the list under `### Replaced`. */
  replaced: string[];
}

/** The releases, newest first. */
export function releasesIn(changelog: string): Release[] {
  return changelog
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const version = /^\[(\d[^\]]*)\]/.exec(section)?.[1];
      if (version === undefined) return [];
      const commit = /^Commit: ([0-9a-f]{7,40})$/m.exec(section)?.[1];
      const list = /^### Replaced\n([^]*?)(?=^#|$(?![^]))/m.exec(section)?.[1] ?? "";
      const replaced = [...list.matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name ?? "");
      return [{ version, ...(commit === undefined ? {} : { commit }), replaced }];
    });
}
