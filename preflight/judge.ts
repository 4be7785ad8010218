/** From Azure's answers to what is in a plan's way. Pure. */
import type { QuestionError } from "../azure/questions.ts";
import type { Plan } from "../environment/plan.ts";
import type { PreflightSettings } from "../environment/preflight.ts";
import type { Answers, Asked, AskedRights } from "./ask.ts";
import { imageObstacles, urnOf } from "./image.ts";
import { grows, type GroupNeeds } from "./needs.ts";
import type { Obstacle } from "./obstacle.ts";
import { quotaFindings } from "./quota.ts";
import { featureObstacles, providerObstacles } from "./registrations.ts";
import { neededActions } from "./resourceTypes.ts";
import { lackingRights, type LackingRights } from "./rights.ts";
import { availabilityObstacles, capabilityObstacles } from "./sizes.ts";
import { accountObstacle, secretObstacles, vaultObstacle } from "./stores.ts";

/** What is in a plan's way; rights are those that `pulumi up` needs and a preview does not. */
export interface Findings extends LackingRights {
  obstacles: Obstacle[];
  /** What does not stop the stack, but machines to come. */
  warnings: Obstacle[];
}

/** Where the stack stands: the region as ARM writes it, and the file that says what it is and how it is judged. */
export interface Place extends Pick<PreflightSettings, "spares"> {
  location: string;
  file: string;
  /** Names of the secrets that the program writes into the vault itself. */
  given: readonly string[];
}

export function judge(
  plan: Plan,
  groups: readonly GroupNeeds[],
  answers: Answers,
  { location, file, spares, given }: Place,
): Findings {
  const { providers, encryption, images, rights, otherRights } = answers;
  const stores = storeObstacles(plan, answers, file, given);
  const sizes = valueOf(answers.sizes);
  const usages = valueOf(answers.usages);
  const unregistered = providerObstacles(new Map(providers.flatMap(([name, state]) => withValue(name, state))));
  const lacking = lackingIn([{ ...rights, actions: neededActions(plan, rights.groupStands) }, ...otherRights]);

  if (sizes?.length === 0) {
    const allowed = "a region in which this subscription can have machines; az account list-locations tells some";
    const place = { place: "azure-native:location", given: location, allowed, change: file };
    return { obstacles: [place, ...unregistered, ...stores], ...lacking, warnings: [] };
  }
  const known = { sizes: sizes ?? [], location, file };
  const quota = sizes && usages ? quotaFindings(groups, { ...known, usages, spares }) : { obstacles: [], warnings: [] };
  // What only machines to come would meet.
  const machinesMeet = (some: readonly GroupNeeds[]) => [
    ...(sizes ? availabilityObstacles(some, sizes, location, file) : []),
    ...capabilityObstacles(some, known.sizes, file),
    ...images.flatMap(({ reference, found }) => {
      const users = some.filter(({ image }) => urnOf(image) === urnOf(reference));
      if (users.length === 0 || !("value" in found)) return [];
      return imageObstacles(users, reference, found.value.image, found.value.versions, known);
    }),
  ];
  const growing = groups.filter(grows);
  const obstacles = machinesMeet(growing);
  const isTold = (one: Obstacle) => obstacles.some(({ place, given }) => place === one.place && given === one.given);
  const state = encryption && valueOf(encryption);
  return {
    obstacles: [
      ...unregistered,
      ...refusalObstacles(answers, unregistered.length > 0),
      ...(state === undefined ? [] : featureObstacles(groups, state, file)),
      ...stores,
      ...obstacles,
      ...quota.obstacles,
    ],
    ...lacking,
    warnings: [
      ...machinesMeet(groups.filter((group) => !growing.includes(group))).filter((one) => !isTold(one)),
      ...quota.warnings,
    ],
  };
}

function valueOf<T>(asked: Asked<T>): T | undefined {
  return "value" in asked ? asked.value : undefined;
}

/** What is lacking of actions in each scope whose permissions are known. */
function lackingIn(scopes: readonly (AskedRights & { actions: readonly string[] })[]): LackingRights {
  const found = scopes.flatMap(({ scope, permissions: asked, actions }) => {
    const permissions = valueOf(asked);
    return permissions ? [lackingRights(scope, permissions, actions)] : [];
  });
  return { rights: found.flatMap(({ rights }) => rights), deletions: found.flatMap(({ deletions }) => deletions) };
}

/** What is wrong with the vault, the storage account and what people put there. */
function storeObstacles(
  plan: Plan,
  { vault, account, missingSecrets }: Answers,
  file: string,
  given: readonly string[],
): Obstacle[] {
  const names = [
    vaultObstacle(plan.vault, valueOf(vault), file, given),
    accountObstacle(plan.storage.name, valueOf(account), file),
  ];
  return [
    ...names.filter((obstacle) => obstacle !== undefined),
    ...secretObstacles(plan.vault.name, valueOf(missingSecrets) ?? []),
  ];
}

function withValue<T>(name: string, asked: Asked<T>): [string, T][] {
  return "value" in asked ? [[name, asked.value]] : [];
}

/** What Azure did not tell, so that nobody takes it for good. */
function refusalObstacles(answers: Answers, isUnregistered: boolean): Obstacle[] {
  const { providers, encryption, sizes, usages, images, vault, account, missingSecrets } = answers;
  const refusals = [
    ...providers.map(([, state]) => state),
    ...(encryption ? [encryption] : []),
    ...[sizes, usages],
    ...images.map(({ found }) => found),
    ...[answers.rights, ...answers.otherRights].map(({ permissions }) => permissions),
    ...[vault, account, missingSecrets],
  ].flatMap((asked) => ("refused" in asked ? [asked.refused] : []));
  return refusals
    .filter(({ code }) => !(isUnregistered && code === "MissingSubscriptionRegistration"))
    .map(refusalObstacle);
}

function refusalObstacle({ path, given, status }: QuestionError): Obstacle {
  return {
    place: `question ${path}`,
    given,
    allowed: status === 403 ? "an identity that may read there, for example by the role Reader" : "an answer",
    change:
      (status === 403 ? "its roles on the subscription, or to go on without asking " : "to go on without asking ") +
      switchOff,
  };
}

/** The command that goes on without a preflight. */
export const switchOff = "pulumi config set --path platform:preflight.enabled false";
