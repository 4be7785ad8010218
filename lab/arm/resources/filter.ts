/** `$filter` of lists across types: `resourceType eq 'x'`, `tagName eq 'a' and tagValue eq 'b'`, `name eq 'n'`. */
import { badRequest } from "../errors.ts";
import type { Resource } from "../resource.ts";

export const tagFields = ["tagname", "tagvalue"];
const resourceFields = [...tagFields, "resourcetype", "name", "location", "resourcegroup"];

/** `allowed`: lower-case names that a filter of this list may have. */
export function matching(
  resources: Resource[],
  query: URLSearchParams,
  allowed: readonly string[] = resourceFields,
): Resource[] {
  const filter = query.get("$filter") ?? "";
  const clauses = filter.split(/\s+and\s+/i).filter((clause) => clause.trim() !== "");
  const wanted = Object.fromEntries(clauses.map((clause) => parseClause(clause) ?? refuse(filter)));
  const names = Object.keys(wanted);
  // Azure filters by tags alone.
  const mixed = "tagname" in wanted && names.some((name) => !tagFields.includes(name));
  const valueAlone = "tagvalue" in wanted && !("tagname" in wanted);
  if (mixed || valueAlone || names.some((name) => !allowed.includes(name))) refuse(filter);
  return resources.filter((resource) => matches(resource, wanted));
}

function refuse(filter: string): never {
  throw badRequest("InvalidFilterInQueryString", `Invalid $filter '${filter}' specified in the query string.`);
}

function parseClause(clause: string): [string, string] | undefined {
  const match = /^\s*([A-Za-z]+)\s+eq\s+'([^']*)'\s*$/i.exec(clause);
  return match ? [match[1]!.toLowerCase(), match[2]!.toLowerCase()] : undefined;
}

function matches(resource: Resource, wanted: Record<string, string>): boolean {
  const tags = Object.entries(resource.body.tags ?? {});
  const tag = wanted["tagname"];
  return (
    (wanted["resourcetype"] ?? resource.type.toLowerCase()) === resource.type.toLowerCase() &&
    (wanted["name"] ?? resource.name.toLowerCase()) === resource.name.toLowerCase() &&
    (wanted["location"] ?? resource.body.location?.toLowerCase()) === resource.body.location?.toLowerCase() &&
    (wanted["resourcegroup"] ?? resource.key.split("/")[4]) === resource.key.split("/")[4] &&
    (tag === undefined ||
      tags.some(
        ([name, value]) =>
          name.toLowerCase() === tag && (wanted["tagvalue"] ?? value.toLowerCase()) === value.toLowerCase(),
      ))
  );
}
