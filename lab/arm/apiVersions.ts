/**
 * What differs between the api-versions that a type has: properties, and values of properties, that only newer ones
 * know. Found by comparing the types of Azure's SDKs for JavaScript, of which each release has one api-version; a
 * version between two that were compared has what the older one has, so that the lab rather refuses too much.
 */

/**
 * Path without list indexes, for example `properties.subnets.properties.sharingScope`, or a value,
 * `sku.name=StandardV2`; and the first of the type's api-versions that has it.
 */
export type Introduced = Readonly<Record<string, string>>;

/** Paths of members in `given` that the api-version does not know yet. */
export function newerIn(given: unknown, introduced: Introduced, version: string): (string | number)[][] {
  const found: (string | number)[][] = [];
  const isNewer = (path: string): boolean => (introduced[path] ?? "") > version;
  const visit = (value: unknown, path: (string | number)[], name: string): void => {
    if (Array.isArray(value)) return value.forEach((item, index) => visit(item, [...path, index], name));
    if (isNewer(name) || isNewer(`${name}=${String(value)}`)) found.push(path);
    else if (value !== null && typeof value === "object")
      for (const [key, inner] of Object.entries(value))
        visit(inner, [...path, key], name === "" ? key : `${name}.${key}`);
  };
  visit(given, [], "");
  return found;
}

/** An answer as the api-version has it. */
export function withoutNewer<T>(answer: T, introduced: Introduced, version: string, name = ""): T {
  if (Array.isArray(answer)) return answer.map((item: unknown) => withoutNewer(item, introduced, version, name)) as T;
  if (answer === null || typeof answer !== "object") return answer;
  const entries = Object.entries(answer).flatMap(([key, inner]: [string, unknown]) => {
    const path = name === "" ? key : `${name}.${key}`;
    return (introduced[path] ?? "") > version ? [] : [[key, withoutNewer(inner, introduced, version, path)] as const];
  });
  return Object.fromEntries(entries) as T;
}
