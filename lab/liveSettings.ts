/**
 * What the lab imitates in one of several ways, or after a time, and what can be changed while it runs
 * (`bin/lab set`). Kept in `<state>/settings.json`, which is read each time that a setting is asked for.
 */
import { join } from "node:path";
import { readIfThere, writeAtomically } from "./files.ts";
import { duration, secondsPerMinute } from "./settings.ts";

/** What a member whose health nobody reports is for automatic repairs: left alone, or as good as Unhealthy. */
export type MissingHealth = "ignored" | "repaired";

/** What is wrong with all key vaults: nobody answers at their address, every request is throttled, or nothing. */
export type VaultState = "away" | "throttled" | "whole";

/** What is wrong with the certificate authority: nobody answers at its address, or nothing. */
export type AcmeState = "down" | "up";

export interface LiveSettings {
  missingHealth: MissingHealth;
  /** From the loss of a machine's host until the machine boots again elsewhere. */
  serviceHealingSeconds: number;
  /** Length of every scale set's grace period of automatic repairs. */
  repairGraceSeconds: number;
  vault: VaultState;
  acme: AcmeState;
  /** Length of a day of the certificate authority: what its certificates' validity is counted in. */
  acmeDaySeconds: number;
}

export interface Definition<T> {
  /** Sets it when the daemon starts, and is kept. */
  variable: string;
  allowed: string;
  standard: T;
  /** Undefined for what is not allowed. */
  parse: (text: string) => T | undefined;
  meaning: string;
  /** What shows that Azure does so, or that it can be read in several ways. */
  evidence: string;
}

export const missingHealthReadings: readonly MissingHealth[] = ["ignored", "repaired"];

/** What each does, for help texts. */
export const vaultStates: Readonly<Record<VaultState, string>> = {
  away: "connections to their address are refused",
  throttled: "every request gets 429 and is to be asked again after a second",
  whole: "nothing is wrong with them",
};

export const definitions: { [Name in keyof LiveSettings]: Definition<LiveSettings[Name]> } = {
  missingHealth: {
    variable: "LAB_MISSING_HEALTH",
    allowed: "ignored or repaired",
    standard: "ignored",
    parse: (text) => missingHealthReadings.find((reading) => reading === text),
    meaning: "a member that reports no health (it hangs, lost its agent or its host) is left alone, or repaired",
    evidence:
      "ignored: Microsoft's engineers call that missing health and say that no repair is triggered " +
      "(github.com/MicrosoftDocs/azure-docs/issues/98458); repaired: the page on the health extension can be read so " +
      "that such a member is Unknown, which counts as unhealthy after the grace period",
  },
  serviceHealingSeconds: {
    ...duration,
    variable: "LAB_SERVICE_HEALING",
    standard: 15 * secondsPerMinute,
    meaning: "seconds after which a machine that lost its host boots again, with its disk, name and address",
    evidence:
      "all machines of a host that cannot reboot are relocated to another one, which typically completes within 15 " +
      "minutes (learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/understand-vm-reboot); 15 of LAB_MINUTE",
  },
  repairGraceSeconds: {
    ...duration,
    variable: "LAB_REPAIR_GRACE",
    standard: 30,
    meaning: "seconds for which a member must be unhealthy before it is repaired, whatever its scale set says",
    evidence:
      "automaticRepairsPolicy.gracePeriod, PT10M to PT90M " +
      "(learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/create-or-update)",
  },
  vault: {
    variable: "LAB_VAULT",
    allowed: "away, throttled or whole",
    standard: "whole",
    parse: (text) => (Object.keys(vaultStates) as VaultState[]).find((state) => state === text),
    meaning: "all key vaults are away, throttled or whole",
    evidence:
      "a client that exceeds a vault's limits gets 429 and is to back off for a second, then longer " +
      "(learn.microsoft.com/azure/key-vault/general/overview-throttling)",
  },
  acme: {
    variable: "LAB_ACME",
    allowed: "down or up",
    standard: "up",
    parse: (text) => (["down", "up"] as const).find((state) => state === text),
    meaning: "connections to the certificate authority are refused, or nothing is wrong with it",
    evidence: "an authority may be away for days; its accounts and certificates stay",
  },
  acmeDaySeconds: {
    allowed: "a number of seconds from 10 on",
    parse: (text) => (Number(text) >= 10 && Number(text) < Infinity ? Number(text) : undefined),
    variable: "LAB_ACME_DAY",
    standard: 86_400,
    meaning:
      "seconds of a day of the certificate authority; another value makes it anew, without its accounts, and what it has " +
      "signed stays valid",
    evidence:
      "Let's Encrypt's profiles: 90 days, shortlived 160 hours (letsencrypt.org/docs/profiles); it wants a renewal at two " +
      "thirds of the validity and tells so for a day before and after, to be asked again after 6 hours",
  },
};

export type SettingName = keyof LiveSettings;

/** Names on the command line. */
export const settingNames: Record<string, SettingName> = {
  "missing-health": "missingHealth",
  "service-healing": "serviceHealingSeconds",
  "repair-grace": "repairGraceSeconds",
  vault: "vault",
  acme: "acme",
  "acme-day": "acmeDaySeconds",
};

/** What a setting is now, what it means, and why. */
export function settingText(commandName: string, settings: LiveSettings): string {
  const name = settingNames[commandName]!;
  const { meaning, allowed, variable, evidence } = definitions[name];
  return [
    `${commandName} ${settings[name]}`,
    `  ${meaning}; ${allowed}; ${variable} sets it when the daemon starts`,
    `  ${evidence}`,
  ].join("\n");
}

const fileIn = (stateDir: string): string => join(stateDir, "settings.json");

const kept = (stateDir: string): Partial<Record<SettingName, string>> =>
  JSON.parse(readIfThere(fileIn(stateDir)) ?? "{}") as Partial<Record<SettingName, string>>;

/** What is set now: what was kept, or the standard. Throws where a kept value is none that is allowed. */
export function liveSettings(stateDir: string): LiveSettings {
  const given = kept(stateDir);
  const read = <T>(name: SettingName, definition: Definition<T>): T => {
    const text = given[name];
    return text === undefined ? definition.standard : parsed(definition, fileIn(stateDir), text);
  };
  return {
    missingHealth: read("missingHealth", definitions.missingHealth),
    serviceHealingSeconds: read("serviceHealingSeconds", definitions.serviceHealingSeconds),
    repairGraceSeconds: read("repairGraceSeconds", definitions.repairGraceSeconds),
    vault: read("vault", definitions.vault),
    acme: read("acme", definitions.acme),
    acmeDaySeconds: read("acmeDaySeconds", definitions.acmeDaySeconds),
  };
}

/** Keeps a value. Throws, and changes nothing, where it is not allowed. */
export function keepSetting(stateDir: string, name: SettingName, text: string, origin = "bin/lab set"): void {
  parsed<unknown>(definitions[name], origin, text);
  writeAtomically(fileIn(stateDir), `${JSON.stringify({ ...kept(stateDir), [name]: text }, null, 2)}\n`);
}

/** Keeps what the environment variables set: they are said later than what was kept before. */
export function keepFromEnvironment(stateDir: string, environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(definitions) as SettingName[]) {
    const { variable } = definitions[name];
    const text = environment[variable];
    if (text !== undefined) keepSetting(stateDir, name, text, variable);
  }
}

function parsed<T>({ parse, allowed }: Definition<T>, origin: string, text: string): T {
  const value = parse(text);
  if (value === undefined) throw new Error(`${origin}: given "${text}", allowed is ${allowed}`);
  return value;
}
