/** Parts of a resource's URN: `urn:pulumi:<stack>::<project>::<type of its parents>$<type>::<name>`. Pure. */

export const nameOf = (urn: string) => urn.split("::").slice(3).join("::");

/** Types of its parents and its own, outermost first. */
export const typesOf = (urn: string) => (urn.split("::")[2] ?? "").split("$");

export const typeOf = (urn: string) => typesOf(urn).at(-1) ?? "";
