/** Parts of a resource that can be put and deleted under IDs of their own: `{id}/{collection}/{name}`. */
import type { Context } from "./context.ts";
import { notInLab } from "./errors.ts";
import type { Answer, Request } from "./http.ts";
import { objectOf, write } from "./put.ts";
import { checkEtag, checkPartName, refuseWhileDeleting } from "./requestChecks.ts";
import type { Body, Resource } from "./resource.ts";
import type { Part, ResourceType } from "./resourceType.ts";
import { validate } from "./schema.ts";

interface Named {
  name: string;
}

const listOf = (body: Body, { collection }: Part): Named[] =>
  (body.properties as Record<string, Named[]> | undefined)?.[collection] ?? [];

const isNamed =
  (name: string) =>
  (one: Named): boolean =>
    one.name.toLowerCase() === name.toLowerCase();

/** The resource is written with the part in its place; the answer shows the part, as `view` has it. */
export function putPart(
  request: Request,
  type: ResourceType,
  part: Part,
  resource: Resource,
  name: string,
  context: Context,
  view: (resource: Resource) => unknown,
): Answer {
  refuseWhileDeleting(resource);
  checkEtag(request, resource, type);
  if (!part.schema) throw notInLab(part.collection);
  checkPartName(type, resource.id, name);
  const given = validate(part.schema, objectOf(request.body), type.dialect, part.collection);
  const before = listOf(resource.body, part);
  const existing = before.find(isNamed(name));
  const made = { name: existing?.name ?? name, properties: given.properties ?? {} };
  const parts = existing ? before.map((one) => (one === existing ? made : one)) : [...before, made];
  const answer = write(request, type, resource.id, withParts(resource.body, part, parts), resource, context);
  return { ...answer, status: existing ? 200 : 201, body: view(context.store.get(resource.id)!) };
}

export function removePart(
  request: Request,
  type: ResourceType,
  part: Part,
  resource: Resource,
  name: string,
  context: Context,
): Answer {
  const before = listOf(resource.body, part);
  const parts = before.filter((one) => !isNamed(name)(one));
  if (parts.length === before.length) return { status: 204 };
  refuseWhileDeleting(resource);
  checkEtag(request, resource, type);
  const { headers } = write(request, type, resource.id, withParts(resource.body, part, parts), resource, context);
  return { status: 202, headers: headers! };
}

const withParts = (body: Body, { collection }: Part, parts: Named[]): Record<string, unknown> => ({
  ...body,
  properties: { ...body.properties, [collection]: parts },
});
