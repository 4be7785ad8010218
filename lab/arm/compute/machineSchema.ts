/** What a virtual machine holds. */
import { z } from "zod";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import { readOnly, tracked, zoneList } from "../schema.ts";
import { extensionList } from "./extensions.ts";
import { machineIdentity } from "./identity.ts";
import { machineOsProfile } from "./osProfile.ts";
import { diagnosticsProfile, scheduledEventsProfile } from "./scaleSetSchema.ts";
import { storageProfile } from "./storageProfile.ts";

export const machineBody = z.strictObject({
  ...tracked,
  zones: zoneList.optional(),
  identity: machineIdentity.optional(),
  ...readOnly("resources"),
  properties: z.strictObject({
    virtualMachineScaleSet: z.strictObject({ id: z.string() }).optional(),
    hardwareProfile: z.strictObject({ vmSize: z.string() }),
    storageProfile,
    osProfile: machineOsProfile,
    networkProfile: z.strictObject({
      networkInterfaces: z.array(
        z.strictObject({ id: z.string(), properties: z.record(z.string(), z.unknown()).optional() }),
      ),
    }),
    diagnosticsProfile: diagnosticsProfile.optional(),
    securityProfile: z.record(z.string(), z.unknown()).optional(),
    scheduledEventsProfile: scheduledEventsProfile.optional(),
    /** Copied from the scale set; Azure has them as child resources. */
    extensions: extensionList.optional(),
    ...readOnly("provisioningState", "vmId", "timeCreated", "instanceView"),
  }),
});

export type MachineBody = z.infer<typeof machineBody>;

/** Of the machine's scale set; empty where the machine is no member of one. */
export const setKeyOf = (machine: Resource<MachineBody>): string =>
  keyOf(machine.body.properties.virtualMachineScaleSet?.id ?? "");
