/** Children that are listed in their parent's PUT, and are resources of their own as well. */
import { ArmError } from "../errors.ts";
import { isLive, type Body, type Resource } from "../resource.ts";
import type { Store } from "../store.ts";

interface Part {
  name: string;
}

export const isListed = (child: Part, listed: readonly Part[]): boolean =>
  listed.some(({ name }) => name.toLowerCase() === child.name.toLowerCase());

/** Names are compared without regard to case. */
export function refuseDuplicateNames(ownerId: string, parts: readonly Part[]): void {
  const names = parts.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  const message = `Resource ${ownerId} has two child resources with the same name (${twice}).`;
  throw new ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", {
    details: [{ code: "DuplicateResourceName", message }],
  });
}

/** Makes and changes the children as they are listed, and removes the others. */
export function replaceChildren(
  parent: Resource,
  type: string,
  listed: readonly (Part & Required<Pick<Body, "properties">>)[],
  store: Store,
  remove: (child: Resource) => void,
): void {
  for (const child of store.children(parent.id, type).filter(isLive)) if (!isListed(child, listed)) remove(child);
  for (const { name, properties } of listed) {
    const id = `${parent.id}/${type.slice(type.lastIndexOf("/") + 1)}/${name}`;
    const existing = store.get(id);
    if (!existing) store.create(id, type, { properties }, {}, "Creating");
    else if (JSON.stringify(existing.body) !== JSON.stringify({ properties }))
      store.put({ ...existing, body: { properties }, state: "Updating" }, true);
  }
}
