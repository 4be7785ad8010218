/** Values of which nothing is known yet. */

/** The value as an object; an empty one when it is something else. */
export function asObject(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The value as a list; an empty one when it is something else. */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
