/** Disks of a machine's or scale set's model. The lab's disk is an overlay over the image; sizes are kept, not enforced. */
import { z } from "zod";
import { choice, ignored, lacking, none } from "../schema.ts";
import { imageReference } from "./images.ts";

const managedDisk = z.strictObject({
  id: ignored,
  storageAccountType: choice(
    "Standard_LRS",
    "StandardSSD_LRS",
    "StandardSSD_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
    "PremiumV2_LRS",
  ).optional(),
  diskEncryptionSet: z.null("The lab has no disk encryption sets").optional(),
  securityProfile: ignored,
  additionalDiskProperties: lacking("properties of disks"),
});

export const storageProfile = z.strictObject({
  imageReference,
  osDisk: z
    .strictObject({
      name: z.string().optional(),
      createOption: choice("FromImage"),
      caching: choice("None", "ReadOnly", "ReadWrite").optional(),
      diskSizeGB: z.int().min(1, "diskSizeGB is 1-4095").max(4095, "diskSizeGB is 1-4095").optional(),
      osType: choice("Linux").optional(),
      managedDisk: managedDisk.optional(),
      deleteOption: choice("Delete", "Detach").optional(),
      image: lacking("disks of unmanaged images"),
      vhdContainers: lacking("disks in storage accounts"),
      storageFaultDomainAlignment: lacking("fault domains of disks"),
      writeAcceleratorEnabled: z.literal(false, "The lab has no write accelerator").optional(),
      diffDiskSettings: z
        .strictObject({
          option: choice("Local"),
          placement: choice("CacheDisk", "ResourceDisk", "NvmeDisk").optional(),
          enableFullCaching: z.boolean().optional(),
        })
        .optional(),
    })
    .optional(),
  dataDisks: none("data disks"),
  diskApiVersion: lacking("versions of disks"),
  diskControllerType: z.union([choice("SCSI", "NVMe"), z.array(z.string())]).optional(),
});
