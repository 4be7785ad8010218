/** Which secrets a stack file asks for. Pure. */
import { secretName } from "./fields.ts";
import { asArray, asObject } from "./untyped.ts";

/** A secret, and the first place that asks for it. */
export interface WantedSecret {
  /** Its value is the configuration key `platform:<name>`. */
  name: string;
  /** For example `tier back` or `application back of tier back`. */
  wantedBy: string;
}

/** The secrets of an unchecked `platform:environment`, each once, sorted by name. Names that are none are left out. */
export function secretsOf(environment: unknown): WantedSecret[] {
  const wanted = Object.entries(asObject(asObject(environment)["tiers"])).flatMap(([tier, value]) => {
    const { secrets, applications } = asObject(value);
    return [
      ...namesIn(secrets, `tier ${tier}`),
      ...asArray(applications)
        .map(asObject)
        .flatMap((application) =>
          namesIn(application["secrets"], `application ${String(application["name"])} of tier ${tier}`),
        ),
    ];
  });
  const first = new Map<string, WantedSecret>();
  for (const secret of wanted) if (!first.has(secret.name)) first.set(secret.name, secret);
  return [...first.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function namesIn(secrets: unknown, wantedBy: string): WantedSecret[] {
  return Object.values(asObject(secrets)).flatMap((value) => {
    const { data: name } = secretName.safeParse(value);
    return name === undefined ? [] : [{ name, wantedBy }];
  });
}
