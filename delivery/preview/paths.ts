/** Paths of properties, as the engine writes them: `sku.capacity`, `zones[1]`, `tags["a.b"]`. Pure. */

export type Path = (string | number)[];

export function parsePath(text: string): Path {
  const parts = text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g);
  return [...parts].map(([, quoted, index, name]) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, "$1");
    if (index !== undefined) return index === "*" ? index : Number(index);
    return name ?? "";
  });
}

export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[\w-]+$/.test(part)) return `["${part.replaceAll(/["\\]/g, String.raw`\$&`)}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((found, part) => {
    // Of its own: every object has a `constructor`, and a tag may be called so.
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, part)) return undefined;
    return (found as Record<string | number, unknown>)[part];
  }, value);
}

/** Whether one path is the other, or lies within it. */
export function isWithin(path: Path, outer: Path): boolean {
  return outer.length <= path.length && outer.every((part, index) => part === path[index]);
}

/** The value without what lies at a path. */
export function withoutPath(value: unknown, [first, ...rest]: Path): unknown {
  if (first === undefined || value === null || typeof value !== "object" || !(first in value)) return value;
  if (Array.isArray(value))
    return rest.length === 0
      ? value.filter((_, index) => index !== first)
      : value.map((one: unknown, index) => (index === first ? withoutPath(one, rest) : one));
  const { [first]: inner, ...others } = value as Record<string | number, unknown>;
  return rest.length === 0 ? others : { ...others, [first]: withoutPath(inner, rest) };
}
