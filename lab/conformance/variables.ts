/** `{name}` in paths, bodies and expectations. */

export type Variables = Readonly<Record<string, unknown>>;

/** Names of variables that `value` uses. */
export function variablesIn(value: unknown): string[] {
  if (typeof value === "string") return [...value.matchAll(/\{([A-Za-z][A-Za-z0-9]*)\}/g)].map(([, name]) => name!);
  if (Array.isArray(value)) return value.flatMap(variablesIn);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => [...variablesIn(key), ...variablesIn(inner)]);
}

/** A string that is a variable and nothing else gets its value as it is, also a number or an object. */
export function substitute<T>(value: T, variables: Variables): T {
  return replaced(value, variables) as T;
}

function replaced(value: unknown, variables: Variables): unknown {
  if (typeof value === "string") {
    const alone = /^\{([A-Za-z][A-Za-z0-9]*)\}$/.exec(value)?.[1];
    if (alone !== undefined) return valueOf(alone, variables);
    return value.replace(/\{([A-Za-z][A-Za-z0-9]*)\}/g, (_, name: string) => String(valueOf(name, variables)));
  }
  if (Array.isArray(value)) return value.map((item) => replaced(item, variables));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [String(replaced(key, variables)), replaced(inner, variables)]),
  );
}

function valueOf(name: string, variables: Variables): unknown {
  if (!(name in variables)) {
    throw new Error(`{${name}} is not a variable here. Known: ${Object.keys(variables).sort().join(", ")}`);
  }
  const value = variables[name];
  // A variable of a fixture file may be made of others.
  return typeof value === "string" && value.includes(`{${name}}`) ? value : replaced(value, variables);
}
