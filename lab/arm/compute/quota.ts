/** Whether a region has the size that is asked for, and cores for it. */
import type { Context } from "../context.ts";
import { conflict, type ArmError } from "../errors.ts";
import { coresOf, limitsOf, restrictedZones } from "../limits.ts";
import { regionName } from "../locations.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import type { MachineBody } from "./machineSchema.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";
import { sizeOf, type Size } from "./sizes.ts";

/** Sizes of the machines that exist in the region, switched off or being deleted ones too. */
export const sizesIn = (region: string, store: Store): Size[] =>
  store
    .ofType<MachineBody>(types.machine)
    .filter(({ body }) => regionName(body.location ?? "") === region)
    .flatMap(({ body }) => sizeOf(body.properties.hardwareProfile.vmSize) ?? []);

/** vCPUs of these sizes; with a family, of its sizes only. */
export const coresIn = (sizes: readonly Size[], family?: string): number =>
  sizes.filter((size) => family === undefined || size.family === family).reduce((sum, { cpus }) => sum + cpus, 0);

/** Refuses a size that the set's region, or one of its zones, does not have for this subscription. */
export function checkSize(id: string, { sku, zones = [], location }: ScaleSetBody, { store, options }: Context): void {
  const restricted = restrictedZones(limitsOf(store), location!, sizeOf(sku.name)!.name);
  if (restricted !== "all" && !zones.some((zone) => restricted.includes(zone))) return;
  throw conflict(
    "SkuNotAvailable",
    `The requested size for resource '${id}' is currently not available in location '${location}' zones '${zones.join(",")}' for subscription '${options.subscriptionId}'. Please try another size or deploy to a different location or zones. See https://aka.ms/azureskunotavailable for details.`,
  );
}

/** Refuses `more` machines of the set where the region or the size's family has not enough cores left. */
function checkCores({ sku, location }: ScaleSetBody, more: number, { store }: Context): void {
  const size = sizeOf(sku.name)!;
  const limits = limitsOf(store);
  const existing = sizesIn(location!, store);
  const required = size.cpus * more;
  const quotas = [
    { name: "Total Regional Cores", used: coresIn(existing), limit: coresOf(limits, location!) },
    {
      name: `${size.family} Cores`,
      used: coresIn(existing, size.family),
      limit: coresOf(limits, location!, size.family),
    },
  ];
  const short = quotas.find(({ used, limit }) => used + required > limit);
  if (short) throw quotaExceeded(short, location!, required);
}

const quotaExceeded = (
  { name, used, limit }: { name: string; used: number; limit: number },
  location: string,
  required: number,
): ArmError =>
  conflict(
    "OperationNotAllowed",
    `Operation could not be completed as it results in exceeding approved ${name} quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${limit}, Current Usage: ${used}, Additional Required: ${required}, (Minimum) New Limit Required: ${used + required}. Submit a request for Quota increase at https://aka.ms/ProdportalCRP by specifying parameters listed in the 'Details' section for deployment to succeed. Please read more about quota limits at https://docs.microsoft.com/en-us/azure/azure-supportability/regional-quota-requests`,
  );

/** Refuses `more` machines of the set for whatever reason there is. */
export function checkCapacity({ id, body }: { id: string; body: ScaleSetBody }, more: number, context: Context): void {
  if (more <= 0) return;
  checkSize(id, body, context);
  checkCores(body, more, context);
}
