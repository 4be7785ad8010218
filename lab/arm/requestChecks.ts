/** What every type refuses alike: names, tags, locations, ETags, and changes of what is being deleted. */
import { ArmError, badRequest, conflict } from "./errors.ts";
import type { Request } from "./http.ts";
import { nameOf, parseId } from "./ids.ts";
import { locations, regionName } from "./locations.ts";
import type { Resource } from "./resource.ts";
import type { Dialect, ResourceType } from "./resourceType.ts";

export function checkName(type: ResourceType, id: string): void {
  const name = nameOf(id);
  if (type.name.pattern.test(name)) return;
  const codes: Partial<Record<Dialect, string>> = { arm: "InvalidResourceGroup", compute: "InvalidParameter" };
  throw new ArmError(
    type.name.status ?? 400,
    type.name.code ?? codes[type.dialect] ?? "InvalidResourceName",
    `Resource name ${name} is invalid. ${type.name.rule}.`,
  );
}

/** Parts have the names of their resource's provider. */
export const checkPartName = (type: ResourceType, id: string, name: string): void => checkName(type, `${id}/${name}`);

export function checkTags(type: Pick<ResourceType, "tags">, tags: unknown): Record<string, string> {
  if (tags === undefined || tags === null) return {};
  const entries = typeof tags === "object" && !Array.isArray(tags) ? Object.entries(tags) : undefined;
  if (!entries || entries.some(([, value]) => typeof value !== "string")) {
    throw badRequest(
      "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: 'tags' is an object of texts.",
    );
  }
  const most = type.tags?.most ?? 50;
  if (entries.length > most)
    throw badRequest("InvalidTags", `The number of tags ${entries.length} exceeds the maximum of ${most}.`);
  for (const [name, value] of entries as [string, string][]) {
    if (name === "" || name.length > 512 || /[<>%&\\?/]/.test(name))
      throw badRequest(
        "InvalidTagNameCharacters",
        `The tag name '${name}' is not valid: 1-512 characters, none of < > % & \\ ? /.`,
      );
    if (type.tags && !type.tags.names.test(name))
      throw badRequest("BadRequest", `The tag name '${name}' is not valid: ${type.tags.rule}.`);
    if (value.length > 256)
      throw badRequest(
        "InvalidTagValueLength",
        `Tag value too large. The value of tag '${name}' has ${value.length} characters; 256 are allowed.`,
      );
  }
  return Object.fromEntries(entries);
}

export function checkLocation(
  type: ResourceType,
  id: string,
  given: unknown,
  existing: Resource | undefined,
): string | undefined {
  if (type.location === "inherited") return undefined;
  const text = typeof given === "string" && given !== "" ? given : existing?.body.location;
  if (text === undefined)
    throw badRequest("LocationRequired", "The location property is required for this definition.");
  if (type.location === "global") {
    if (text.toLowerCase() === "global") return "global";
    throw badRequest(
      "LocationNotAvailableForResourceType",
      `The provided location '${text}' is not available for resource type '${type.type}'. List of available regions for the resource type is 'global'.`,
    );
  }
  const region = regionName(text);
  if (region === undefined && type.dialect === "arm") {
    const names = locations.map(({ name }) => name).join(",");
    throw badRequest(
      "LocationNotAvailableForResourceGroup",
      `The provided location '${text}' is not available for resource group. List of available regions is '${names}'.`,
    );
  }
  if (region === undefined) {
    throw badRequest(
      "LocationNotAvailableForResourceType",
      `The provided location '${text}' is not available for resource type '${type.type}'. Use the name of an Azure region, for example 'westeurope'.`,
    );
  }
  const before = existing?.body.location;
  if (before !== undefined && before !== region) {
    const group = parseId(id)?.resourceGroup;
    if (group === undefined)
      throw conflict(
        "InvalidResourceGroupLocation",
        `Invalid resource group location '${region}'. The Resource group already exists in location '${before}'.`,
      );
    throw conflict(
      "InvalidResourceLocation",
      `The resource '${nameOf(id)}' already exists in location '${before}' in resource group '${group}'. A resource with the same name cannot be created in location '${region}'. Please select a new resource name.`,
    );
  }
  return region;
}

/** If-Match and If-None-Match (`*`: only when there is none). */
export function checkEtag(request: Request, existing: Resource | undefined, type: ResourceType): void {
  const [match, noneMatch] = [request.headers["if-match"], request.headers["if-none-match"]];
  const bare = (value: string): string => value.trim().replace(/^W\//, "").replace(/^"|"$/g, "");
  const hits = (header: string): boolean =>
    existing !== undefined && (header.trim() === "*" || header.split(",").some((one) => bare(one) === existing.etag));
  if (type.dialect !== "network" && type.dialect !== "dns") return;
  if ((match !== undefined && !hits(match)) || (noneMatch !== undefined && hits(noneMatch))) {
    const given = match === undefined ? `if-none-match header ${noneMatch}` : `if-match header ${match}`;
    if (type.dialect === "dns") {
      const what = type.type.split("/").length > 2 ? "Record set" : "Zone";
      const name = nameOf(request.path);
      throw new ArmError(412, "PreconditionFailed", `The ${what} ${name} has been modified (etag mismatch).`);
    }
    const actual = existing ? `W/"${existing.etag}"` : "(the resource does not exist)";
    const message = `Etag provided in ${given} does not match etag ${actual} of resource ${request.path}.`;
    throw new ArmError(412, "PreconditionFailed", "Precondition failed.", {
      details: [{ code: "PreconditionFailedEtagMismatch", message }],
    });
  }
}

export function refuseWhileDeleting(existing: Resource | undefined): void {
  if (existing && (existing.state === "Deleting" || existing.computed.gone)) {
    throw conflict(
      "AnotherOperationInProgress",
      `Another operation on this or dependent resource is in progress: ${existing.id} is being deleted. Try again when it is gone.`,
    );
  }
}
