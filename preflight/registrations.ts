/** Whether a subscription is registered for what a plan needs. Pure. */
import type { GroupNeeds } from "./needs.ts";
import { places, type Obstacle } from "./obstacle.ts";

/** The feature without which Azure refuses `encryptionAtHost`. */
export const encryptionFeature = { namespace: "Microsoft.Compute", name: "EncryptionAtHost" };

/** States with which Azure takes requests: while it registers, the first regions are ready. */
const ready = ["Registered", "Registering"];

/** Providers that are not registered. */
export function providerObstacles(states: ReadonlyMap<string, string>): Obstacle[] {
  return [...states]
    .filter(([, state]) => !ready.includes(state))
    .map(([namespace, state]) => ({
      place: `resource provider ${namespace}`,
      given: state,
      allowed: "Registered",
      change: `az provider register --wait --namespace ${namespace}`,
    }));
}

/** The feature for encryption at host, where it is wanted and not registered. */
export function featureObstacles(groups: readonly GroupNeeds[], state: string, file: string): Obstacle[] {
  const { namespace, name } = encryptionFeature;
  const wanting = groups.filter(({ encryptionAtHost }) => encryptionAtHost);
  if (state === "Registered" || wanting.length === 0) return [];
  return [
    {
      place: places([...new Set(wanting.map(({ path }) => `${path}.encryptionAtHost`))]),
      given: `true, with the feature ${namespace}/${name} ${state}`,
      allowed: "the feature Registered, or encryptionAtHost: false",
      change: `az feature register --namespace ${namespace} --name ${name} and some minutes of waiting, or ${file}`,
    },
  ];
}
