/** References to tiers in the variables of applications: `${back.url}` is where the tier `back` serves. Pure. */

/** Where a tier serves. */
export interface Endpoint {
  /** DNS name of its load balancer. */
  host: string;
  port: number;
}

/** What a reference may ask of a tier. */
const properties = new Map<string, (endpoint: Endpoint) => string>([
  ["host", ({ host }) => host],
  ["port", ({ port }) => `${port}`],
  ["url", ({ host, port }) => `http://${host}:${port}`],
]);

/** For messages. */
export const propertyNames = [...properties.keys()].join(", ");

/** `$${` stands for `${`; `${` to the next `}` is a reference. */
const pattern = /\$\$\{|\$\{([^}]*)\}?/g;

/** A reference as it stands in a value. */
export interface Reference {
  /** As written: `${back.url}`. */
  text: string;
  /** Undefined where it is not of the form `tier.property`. */
  tier: string | undefined;
  property: string | undefined;
}

/** All references in a value. */
export function referencesIn(value: string): Reference[] {
  return [...value.matchAll(pattern)].flatMap(([text, inner]) => {
    if (inner === undefined) return [];
    const [, tier, property] = /^([^.]+)\.([^.]+)$/.exec(text.endsWith("}") ? inner : "") ?? [];
    return [{ text, tier, property: properties.has(property ?? "") ? property : undefined }];
  });
}

/**
 * The value with its references replaced.
 *
 * @throws RangeError at a reference to what `endpoints` lacks; the checks of the stack file find it before.
 */
export function resolveReferences(value: string, endpoints: ReadonlyMap<string, Endpoint>): string {
  return value.replaceAll(pattern, (text) => {
    if (text === "$${") return "${";
    const [{ tier = "", property = "" } = {}] = referencesIn(text);
    const endpoint = endpoints.get(tier);
    const read = properties.get(property);
    if (!endpoint || !read) {
      throw new RangeError(`reference: given ${text}, allowed is \${tier.property} with one of ${propertyNames}`);
    }
    return read(endpoint);
  });
}
