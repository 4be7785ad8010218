/** What an update did, from the engine's own event log (`pulumi up --event-log`). Pure. */

/** The part of an event that is of interest here. https://www.pulumi.com/docs/iac/automation-api/ */
interface EngineEvent {
  resourcePreEvent?: { metadata?: { op?: string; urn?: string } };
}

const replacing = ["replace", "create-replacement", "delete-replaced"];

/** Names of the resources that an update replaced or deleted, sorted, each once. */
export function replacedIn(log: string): string[] {
  const names = log
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const { resourcePreEvent } = JSON.parse(line) as EngineEvent;
      const { op = "", urn = "" } = resourcePreEvent?.metadata ?? {};
      return replacing.includes(op) || op === "delete" ? [urn.split("::").at(-1) ?? ""] : [];
    });
  return [...new Set(names)].sort();
}
