/** `$filter` and `$top` of lists across types: `resourceType eq 'x'`, `tagName eq 'a' and tagValue eq 'b'`, `name eq 'n'`. */
import { badRequest } from "../errors.ts";
import type { Resource } from "../resource.ts";

export function matching(resources: Resource[], query: URLSearchParams): Resource[] {
  const clauses = (query.get("$filter") ?? "").split(/\s+and\s+/i).filter((clause) => clause.trim() !== "");
  const wanted = Object.fromEntries(clauses.map(parseClause));
  const found = resources.filter((resource) => matches(resource, wanted));
  const top = query.get("$top");
  return top === null ? found : found.slice(0, Number(top));
}

function parseClause(clause: string): [string, string] {
  const match = /^\s*([A-Za-z]+)\s+eq\s+'([^']*)'\s*$/i.exec(clause);
  const field = match?.[1]?.toLowerCase() ?? "";
  if (!match || !["resourcetype", "tagname", "tagvalue", "name", "resourcegroup", "location"].includes(field)) {
    throw badRequest(
      "InvalidFilterInQueryString",
      `Invalid $filter '${clause.trim()}' specified in the query string. The lab understands eq on resourceType, name, location, resourceGroup, tagName and tagValue, joined by 'and'.`,
    );
  }
  return [field, match[2]!.toLowerCase()];
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
