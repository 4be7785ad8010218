/** What the subscription may have and its identity may do. `bin/lab limits` sets it; it is kept with the resources. */
import { z } from "zod";
import { fitsPattern } from "./access/patterns.ts";
import { families, sizeOf, sizes } from "./compute/sizes.ts";
import { locations, regionName } from "./locations.ts";
import type { Store } from "./store.ts";

/** Stands for every region. */
export const everywhere = "*";

const region = z.string().transform((given, context) => {
  const name = given === everywhere ? everywhere : regionName(given);
  if (name !== undefined) return name;
  context.addIssue({ code: "custom", message: `region '${given}': allowed are * and ${names(locations)}` });
  return z.NEVER;
});

const names = (all: readonly { name: string }[]): string => all.map(({ name }) => name).join(", ");

const family = z.string().transform((given, context) => {
  const known = families.find((one) => one.family.toLowerCase() === given.toLowerCase());
  if (known) return known.family;
  const all = families.map((one) => one.family).join(", ");
  context.addIssue({ code: "custom", message: `family '${given}': allowed are ${all}` });
  return z.NEVER;
});

const size = z.string().transform((given, context) => {
  const known = sizeOf(given);
  if (known) return known.name;
  context.addIssue({ code: "custom", message: `size '${given}': allowed are ${names(sizes)}` });
  return z.NEVER;
});

const cores = z.strictObject({
  region,
  /** Absent: of all families together. */
  family: family.optional(),
  limit: z.int("a whole number of cores").min(0, "a number of cores from 0").max(100_000, "at most 100000 cores"),
});

const restriction = z.strictObject({
  region,
  size,
  /** Absent: the size cannot be had in the region at all. */
  zones: z
    .array(z.enum(["1", "2", "3"], "zones are 1, 2 and 3"))
    .min(1)
    .optional(),
});

/** Those that can be set here; Azure has many more. */
export const features = ["Microsoft.Compute/EncryptionAtHost"] as const;

const providers = [
  "Microsoft.Compute",
  "Microsoft.Insights",
  "Microsoft.KeyVault",
  "Microsoft.ManagedIdentity",
  "Microsoft.Network",
  "Microsoft.Storage",
] as const;

const registrable = z.string().transform((given, context) => {
  const all = [...providers, ...features];
  const known = all.find((one) => one.toLowerCase() === given.toLowerCase());
  if (known) return known;
  context.addIssue({ code: "custom", message: `'${given}': allowed are ${all.join(", ")}` });
  return z.NEVER;
});

const action = z
  .string()
  .regex(
    /^[A-Za-z.*]+(\/[A-Za-z*]+)+$/,
    "an action such as Microsoft.Compute/virtualMachineScaleSets/write, or Microsoft.Compute/*",
  );

export const limitsSchema = z.strictObject({
  /** The last one that fits a region and family holds. */
  cores: z.array(cores),
  restrictions: z.array(restriction),
  /** Resource providers, and features. */
  unregistered: z.array(registrable),
  /** What the identity may not do; `*` stands for anything. */
  denied: z.array(action),
});

export type Limits = z.infer<typeof limitsSchema>;

/** Cores that a region or family has where nobody set a number. */
export const usualCores = 1000;

/**
 * As they are before anybody sets them: room for several stacks, providers registered, but as in a new subscription no
 * B series of the first version and no feature.
 */
export const usualLimits: Limits = {
  cores: [],
  restrictions: sizes.filter(({ retiring }) => retiring).map(({ name }) => ({ region: everywhere, size: name })),
  unregistered: [...features],
  denied: [],
};

/** Cores of a new pay-as-you-go subscription, in each region and of each family. */
export const newSubscriptionCores = 20;

const key = "limits";

export const limitsOf = (store: Store): Limits => store.setting(key, () => usualLimits);

export const putLimits = (store: Store, limits: Limits): void => store.putSetting(key, limits);

const fits = (given: string, name: string): boolean => given === everywhere || given === name;

/**
 * Cores of the region; with a family, cores of this family in it. A family without a number of its own has as many as
 * the region, as in a new subscription.
 */
export function coresOf({ cores: set }: Limits, inRegion: string, ofFamily?: string): number {
  const limitOf = (one?: string): number | undefined =>
    set.filter((given) => fits(given.region, inRegion) && given.family === one).at(-1)?.limit;
  return limitOf(ofFamily) ?? limitOf() ?? usualCores;
}

/** Zones in which the size cannot be had; `all` where it cannot be had in the region. */
export function restrictedZones({ restrictions }: Limits, inRegion: string, sizeName: string): "all" | string[] {
  const own = restrictions.filter((one) => fits(one.region, inRegion) && one.size === sizeName);
  return own.some(({ zones }) => zones === undefined) ? "all" : [...new Set(own.flatMap(({ zones }) => zones!))].sort();
}

/** The limits with a provider or feature, spelled as in `limits`, registered or not. */
export const withRegistration = (limits: Limits, name: string, registered: boolean): Limits => ({
  ...limits,
  unregistered: [
    ...limits.unregistered.filter((one) => one.toLowerCase() !== name.toLowerCase()),
    ...(registered ? [] : [registrable.parse(name)]),
  ],
});

/** Whether the identity may not do `wanted`. */
export const isDenied = ({ denied }: Limits, wanted: string): boolean =>
  denied.some((pattern) => fitsPattern(pattern, wanted));
