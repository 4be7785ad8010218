/** What an answer over HTTP tells of who gave it. */

/** `tier`: the reverse proxy says itself that no program is installed on the machines of this tier yet. */
export type Answer = { served: true } | { served: false; tier: string };

/**
 * Reads an answer as `curl --include --location` prints it, behind those that lead to it; undefined for one that is neither a service's good one nor the reverse
 * proxy's word that nothing is installed yet (role `nginx-reverse-proxy`).
 */
export function readAnswer(text: string): Answer | undefined {
  const head = text.split(/\r?\n\r?\n/).find((part) => !/^HTTP\/[0-9.]+ [13]\d\d/.test(part)) ?? "";
  const status = /^HTTP\/[0-9.]+ (\d{3})/.exec(head)?.[1] ?? "";
  if (status.startsWith("2")) return { served: true };
  const tier = /^x-nothing-installed: *([a-z0-9-]+)\r?$/im.exec(head)?.[1];
  return status === "503" && tier !== undefined ? { served: false, tier } : undefined;
}
