/** Whether an environment can have its vault and its storage account, and whether the vault has the secrets. */
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../azure/arm.ts";
import { questions } from "../azure/questions.ts";
import { missingSecrets, type NameState } from "../azure/vaults.ts";
import type { Cloud } from "../environment/cloud.ts";
import type { PlannedVault } from "../environment/plan.ts";
import { waysToSet, type MissingSecret } from "../environment/secrets.ts";
import type { Obstacle } from "./obstacle.ts";

const vaultPath = "platform:environment.vault";

/**
 * What is wrong with a vault's name; undefined where nothing is, or nothing is known.
 *
 * @param given Names of the secrets that the program writes itself.
 */
export function vaultObstacle(
  { name, recover }: PlannedVault,
  state: NameState | undefined,
  file: string,
  given: readonly string[],
): Obstacle | undefined {
  const place = `${vaultPath}.name`;
  if (state?.is === "taken") return taken(place, name, state.message, file);
  if (state?.is !== "deleted") return undefined;
  const removal = given.map((secret) => `pulumi config rm platform:${secret}`).join("; ");
  if (recover) {
    if (given.length === 0) return undefined;
    return {
      place: `${vaultPath}.recover`,
      given: `true, and values of ${given.join(", ")}`,
      allowed: "a vault that is taken back has the secrets that it had, and Pulumi makes none that is there",
      change: removal,
    };
  }
  return {
    place,
    given: `${name}, which was deleted and lies in soft delete`,
    allowed: "a vault that is taken back, or another name; Azure gives no name away for 90 days",
    change:
      `another name, or ${vaultPath}.recover: true in ${file}` +
      (removal === "" ? "" : `, and, since the vault has its secrets then: ${removal}`),
  };
}

/** What is wrong with a storage account's name; undefined where nothing is, or nothing is known. */
export function accountObstacle(name: string, state: NameState | undefined, file: string): Obstacle | undefined {
  return state?.is === "taken" ? taken("platform:environment.storage.name", name, state.message, file) : undefined;
}

function taken(place: string, name: string, message: string, file: string): Obstacle {
  return {
    place,
    given: `${name} (${message})`,
    allowed: "a name that nobody has, in all of Azure",
    change: `\`${place.split(".").slice(-2).join(".")}\` in ${file}`,
  };
}

/** Secrets that a vault does not give out. */
export function secretObstacles(vault: string, missing: readonly MissingSecret[]): Obstacle[] {
  return missing.map((secret) => ({
    place: `secret ${secret.name} in the vault ${vault}`,
    given: secret.disabled ? "a secret that is disabled" : "(nothing)",
    allowed: `a value, since ${secret.wantedBy} asks for it`,
    change: waysToSet(vault, secret).join("\n      "),
  }));
}

/**
 * Ends the program where a vault lacks secrets: it stands now, and no machine shall be made that waits for them.
 *
 * @param given Names of the secrets that the program writes itself.
 * @throws pulumi.RunError that names each, who asks for it, and the commands that set it.
 */
export async function requireSecrets(
  cloud: Cloud,
  { name, secrets }: PlannedVault,
  given: readonly string[],
  vaultId: string,
): Promise<void> {
  const left = secrets.filter((secret) => !given.includes(secret.name));
  if (left.length === 0) return;
  const missing = await connect(cloud, {})
    .then(({ rest }) => missingSecrets(questions(rest), vaultId, left))
    .catch((error: unknown) => {
      const names = left.map((secret) => secret.name).join(", ");
      throw new PlainError(
        `Azure does not tell whether the vault ${name} has ${names}; no machine was made.\n  ${(error as Error).message}`,
      );
    });
  if (missing.length === 0) return;
  const lines = missing.map((secret) =>
    [
      `  ${secret.name}, for which ${secret.wantedBy} asks${secret.disabled ? ", is disabled" : ""}`,
      ...waysToSet(name, secret),
    ].join("\n    "),
  );
  throw new PlainError(
    `${missing.length === 1 ? "1 secret is" : `${missing.length} secrets are`} missing in the vault ${name}. It stands now; ` +
      `no machine was made. Set what is missing, then run pulumi up again.\n${lines.join("\n")}`,
  );
}

/**
 * An error whose message stays what it is: the SDK writes before it the name of every property, of every resource, that
 * waits for the value that failed.
 */
class PlainError extends pulumi.RunError {
  constructor(text: string) {
    super(text);
    Object.defineProperty(this, "message", { get: () => text, set: () => undefined });
  }
}
