/** What differs between two property values, path by path, as the engine wants it told. */
import { Blob, isObject, reveal, Secret, Unknown } from "./values.ts";
import type { Properties, Value } from "./values.ts";

export interface Difference {
  kind: "add" | "delete" | "update";
  replace: boolean;
}

/**
 * Differences by path (`sku.capacity`, `zones[1]`). A path is `replace` when it, or a property it lies in, is named in
 * `immutable`; there, array elements are written `[]`.
 */
export function differences(olds: Properties, news: Properties, immutable: readonly string[]): Map<string, Difference> {
  const found = new Map<string, Difference>();
  const replaceAt = new Set(immutable);
  compareObjects(reveal(olds) as Properties, reveal(news) as Properties, "", "", false);
  return found;

  function compareObjects(old: Properties, now: Properties, path: string, pattern: string, inside: boolean): void {
    for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
      compare(
        old[name],
        now[name],
        path + pathElement(path, name),
        pattern + (pattern === "" ? name : `.${name}`),
        inside,
      );
    }
  }

  function compare(
    old: Value | undefined,
    now: Value | undefined,
    path: string,
    pattern: string,
    inside: boolean,
  ): void {
    const replace = inside || replaceAt.has(pattern);
    if (absent(old) && absent(now)) return;
    if (absent(old)) found.set(path, { kind: "add", replace });
    else if (absent(now)) found.set(path, { kind: "delete", replace });
    else if (isObject(old) && isObject(now)) compareObjects(old, now, path, pattern, replace);
    else if (Array.isArray(old) && Array.isArray(now)) {
      for (let i = 0; i < Math.max(old.length, now.length); i++) {
        compare(old[i], now[i], `${path}[${i}]`, `${pattern}[]`, replace);
      }
    } else if (!equal(old, now)) found.set(path, { kind: "update", replace });
  }
}

function absent(value: Value | undefined): value is undefined | null {
  return value === undefined || value === null;
}

// Names with dots and the like are quoted, as in the engine's property paths.
function pathElement(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `["${name.replaceAll('"', '\\"')}"]`;
  return path === "" ? name : `.${name}`;
}

/** Equal by content. An unknown value equals nothing, so that it shows as a possible change. */
export function equal(a: Value, b: Value): boolean {
  if (a instanceof Unknown || b instanceof Unknown) return false;
  if (a instanceof Secret || b instanceof Secret) return equal(reveal(a), reveal(b));
  if (a instanceof Blob && b instanceof Blob) return JSON.stringify(a.wire) === JSON.stringify(b.wire);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]!));
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => name in b && equal(a[name]!, b[name]!));
  }
  return a === b;
}
