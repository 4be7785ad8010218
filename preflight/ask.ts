/** Asks Azure everything that a plan depends on, at the same time. */
import { listImageVersions, readImage, type Image, type ImageReference } from "../azure/images.ts";
import { listPermissions, type Permission } from "../azure/permissions.ts";
import { featureState, providerState } from "../azure/providers.ts";
import { QuestionError, type Questions } from "../azure/questions.ts";
import { listSizes, type Size } from "../azure/sizes.ts";
import { listUsages, type Usage } from "../azure/usages.ts";
import { accountState, missingSecrets, vaultState, type NameState } from "../azure/vaults.ts";
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";
import type { MissingSecret } from "../environment/secrets.ts";
import { urnOf } from "./image.ts";
import { groupBy, groupNeeds } from "./needs.ts";
import { encryptionFeature } from "./registrations.ts";
import { actionsElsewhere, neededProviders } from "./resourceTypes.ts";

/** An answer, or Azure's refusal to give one. */
export type Asked<T> = { value: T } | { refused: QuestionError };

/** An image, and its versions where there is no such one. */
export interface AskedImage {
  reference: ImageReference;
  found: Asked<{ image?: Image; versions: string[] }>;
}

/** What the identity that is logged in may do in a scope. */
export interface AskedRights {
  scope: string;
  permissions: Asked<Permission[]>;
}

/** What Azure says. */
export interface Answers {
  /** States of registration by namespace. */
  providers: [namespace: string, state: Asked<string>][];
  /** State of the feature; undefined where nothing wants it. */
  encryption: Asked<string> | undefined;
  sizes: Asked<Size[]>;
  usages: Asked<Usage[]>;
  images: AskedImage[];
  /** Permissions in the resource group, where it exists, otherwise in the subscription. */
  rights: AskedRights & { groupStands: boolean };
  /** Permissions in the groups of other environments, as far as those exist, and the actions that the stack takes there. */
  otherRights: (AskedRights & { actions: readonly string[] })[];
  /** The name of the vault, and of the storage account. */
  vault: Asked<NameState>;
  account: Asked<NameState>;
  /** Secrets that people set and a vault that stands does not give out. */
  missingSecrets: Asked<MissingSecret[]>;
}

/**
 * @param given Names of the secrets that the program writes into the vault itself.
 * @param location The region as ARM writes it, for example `westeurope`.
 * @throws QuestionError where Azure cannot be reached, knows nobody of this login, or fails.
 */
export async function ask(
  questions: Questions,
  plan: Plan,
  location: string,
  given: readonly string[],
): Promise<Answers> {
  const groups = groupNeeds(plan, new Map());
  const subscription = `/subscriptions/${questions.subscriptionId}`;
  const groupOf = (stack: string) => `${subscription}/resourceGroups/${resourceName("resourceGroup", stack)}`;
  const group = groupOf(plan.stack);
  const [providers, encryption, sizes, usages, images, rights, otherRights, [vault, secrets], account] =
    await Promise.all([
      Promise.all(
        neededProviders(plan).map(async (namespace): Promise<[string, Asked<string>]> => [
          namespace,
          await asked(providerState(questions, namespace)),
        ]),
      ),
      groups.some(({ encryptionAtHost }) => encryptionAtHost)
        ? asked(featureState(questions, encryptionFeature.namespace, encryptionFeature.name))
        : undefined,
      asked(listSizes(questions, location)),
      asked(listUsages(questions, location)),
      Promise.all(
        [...groupBy(groups, ({ image }) => urnOf(image)).values()].flatMap(([first]) =>
          first ? [imageOf(questions, location, first.image)] : [],
        ),
      ),
      rightsIn(questions, subscription, group),
      Promise.all(
        actionsElsewhere(plan).map(async ({ stack, actions }) => ({
          ...(await rightsOf(questions, groupOf(stack))),
          actions,
        })),
      ),
      vaultIn(questions, plan, location, group, given),
      asked(accountState(questions, group, plan.storage.name)),
    ]);
  return {
    ...{ providers, encryption, sizes, usages, images, rights, vault, account, missingSecrets: secrets },
    otherRights: otherRights.filter(stands),
  };
}

/** The vault, and which secrets it lacks where it stands. */
async function vaultIn(
  questions: Questions,
  { vault: { name, secrets } }: Plan,
  location: string,
  group: string,
  given: readonly string[],
): Promise<[Asked<NameState>, Asked<MissingSecret[]>]> {
  const state = await asked(vaultState(questions, group, location, name));
  if (!("value" in state) || state.value.is !== "ours") return [state, { value: [] }];
  const left = secrets.filter((secret) => !given.includes(secret.name));
  return [state, await asked(missingSecrets(questions, `${group}/providers/Microsoft.KeyVault/vaults/${name}`, left))];
}

/** True where Azure answered and only does not tell this. Of a login that it does not know nothing follows. */
function isRefusal({ status, code }: QuestionError): boolean {
  const answered = status !== undefined && status >= 400 && status < 500 && ![401, 408, 429].includes(status);
  return answered && code !== "SubscriptionNotFound";
}

async function asked<T>(answer: Promise<T>): Promise<Asked<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (error instanceof QuestionError && isRefusal(error)) return { refused: error };
    throw error;
  }
}

async function imageOf(questions: Questions, location: string, reference: ImageReference): Promise<AskedImage> {
  const read = async () => {
    const image = await readImage(questions, location, reference);
    return image ? { image, versions: [] } : { versions: await listImageVersions(questions, location, reference) };
  };
  return { reference, found: await asked(read()) };
}

async function rightsIn(questions: Questions, subscription: string, group: string): Promise<Answers["rights"]> {
  const [inGroup, inSubscription] = await Promise.all([rightsOf(questions, group), rightsOf(questions, subscription)]);
  const groupStands = stands(inGroup);
  return { ...(groupStands ? inGroup : inSubscription), groupStands };
}

async function rightsOf(questions: Questions, scope: string): Promise<AskedRights> {
  return { scope, permissions: await asked(listPermissions(questions, scope)) };
}

/** Whether there is such a scope. */
const stands = ({ permissions }: AskedRights) => "value" in permissions || permissions.refused.status !== 404;
