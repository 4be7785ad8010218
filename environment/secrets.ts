/** Which secrets a stack file asks for, and which fields of them. Pure. */
import { secretReference } from "./fields.ts";
import { asArray, asObject } from "./untyped.ts";

/** A secret, and what asks for it. */
export interface WantedSecret {
  /** Its name in the vault; where Pulumi has its value, that is the configuration key `platform:<name>`. */
  name: string;
  /** Fields that its value, a JSON object, must have, sorted; none where it is wanted whole. */
  fields: string[];
  /** The first place that asks, for example `tier data` or `application back of tier back`. */
  wantedBy: string;
}

/** A secret that a vault does not give out. */
export interface MissingSecret extends WantedSecret {
  /** The vault has it, and somebody has disabled it. */
  disabled: boolean;
}

/**
 * Secrets of releases before that the program's own stack files no longer ask for: one that is still set is no mistake,
 * so that a stack of then can be brought up to date first and tidied later.
 */
export const retiredSecrets: readonly string[] = ["databasePassword"];

/** The secret that a reference means, and its field: `databaseLogin.user` is `user` of `databaseLogin`. */
export function parseReference(reference: string): { name: string; field: string | undefined } {
  const [name = "", field] = reference.split(".");
  return { name, field };
}

/** Fields of a secret's value; undefined where it is no JSON object of strings. */
export function fieldsOf(value: string): string[] | undefined {
  try {
    const fields: unknown = JSON.parse(value);
    const isObject = fields !== null && typeof fields === "object" && !Array.isArray(fields);
    return isObject && Object.values(fields).every((one) => typeof one === "string") ? Object.keys(fields) : undefined;
  } catch {
    return undefined;
  }
}

/** The secrets of a `platform:environment` that may be unchecked, sorted by name. References that are none are left out. */
export function secretsOf(environment: unknown): WantedSecret[] {
  const wanted = Object.entries(asObject(asObject(environment)["tiers"])).flatMap(([tier, value]) => {
    const { secrets, applications } = asObject(value);
    return [
      ...wantedIn(secrets, `tier ${tier}`),
      ...asArray(applications)
        .map(asObject)
        .flatMap((application) =>
          wantedIn(application["secrets"], `application ${String(application["name"])} of tier ${tier}`),
        ),
    ];
  });
  const byName = new Map<string, WantedSecret>();
  for (const { name, fields, wantedBy } of wanted) {
    const first = byName.get(name);
    const all = new Set([...(first?.fields ?? []), ...fields]);
    byName.set(name, { name, fields: [...all].sort(), wantedBy: first?.wantedBy ?? wantedBy });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function wantedIn(secrets: unknown, wantedBy: string): WantedSecret[] {
  return Object.values(asObject(secrets)).flatMap((value) => {
    const { data: reference } = secretReference.safeParse(value);
    if (reference === undefined) return [];
    const { name, field } = parseReference(reference);
    return [{ name, fields: field === undefined ? [] : [field], wantedBy }];
  });
}

/** The command by which Pulumi asks for a value, for messages: arguments of a command are no secrets. */
export function setInPulumi({ name, fields }: Pick<WantedSecret, "name" | "fields">): string {
  return `pulumi config set --secret platform:${name}${exampleValue(fields)}`;
}

/** The commands by which a vault gives out a secret that it does not, for messages. */
export function waysToSet(vault: string, { name, fields, disabled }: MissingSecret): string[] {
  const az = (command: string, rest = "") =>
    `az keyvault secret ${command} --vault-name ${vault} --name ${name}${rest}`;
  if (disabled) return [az("set-attributes", " --enabled true")];
  return [
    `read -rs value; printf %s "$value" | ${az("set", " --file /dev/stdin")}${exampleValue(fields)}`,
    `or: ${setInPulumi({ name, fields })}`,
    `or, where it was deleted: ${az("recover")}`,
  ];
}

/** A value with fields is JSON. */
function exampleValue(fields: readonly string[]): string {
  return fields.length === 0 ? "" : `   # {${fields.map((field) => `"${field}":"…"`).join(",")}}`;
}
