/** Trusted Launch, encryption at host and accelerated networking: what sizes, images and the subscription allow. */
import { isDeepStrictEqual } from "node:util";
import type { Context } from "../context.ts";
import { ArmError, badRequest } from "../errors.ts";
import { isRegistered } from "../registrations.ts";
import type { Draft } from "../resourceType.ts";
import { imageOf } from "./images.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";
import { sizeOf } from "./sizes.ts";

export function checkSecurity({ id, body, existing }: Draft<ScaleSetBody>, context: Context): void {
  const size = sizeOf(body.sku.name)!;
  const { securityProfile, storageProfile, networkProfile } = body.properties.virtualMachineProfile;
  const image = imageOf(storageProfile.imageReference)!;
  if (image.generation === "V1" && size.generations === "V2") {
    throw badRequest(
      "BadRequest",
      `The selected VM size '${size.name}' cannot boot Hypervisor Generation '1'. If this was a Create operation please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of the selected VM Size. If this was an Update operation please select a Hypervisor Generation '1' VM Size. For more information, see https://aka.ms/azuregen2vm`,
    );
  }
  if (existing) refuseChange(body, existing.body);
  const { publisher, offer, sku } = storageProfile.imageReference;
  if (securityProfile?.securityType === "TrustedLaunch" && !image.trustedLaunch) {
    throw badRequest(
      "BadRequest",
      `Use of TrustedLaunch setting is not supported for the provided image '${publisher}:${offer}:${sku}'. Please select Trusted Launch Supported Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ.`,
    );
  }
  if (securityProfile?.encryptionAtHost === true) {
    if (!isRegistered("Microsoft.Compute/EncryptionAtHost", context))
      throw badRequest(
        "InvalidParameter",
        "The property 'securityProfile.encryptionAtHost' is not valid because the 'Microsoft.Compute/EncryptionAtHost' feature is not enabled for this subscription.",
        "securityProfile.encryptionAtHost",
      );
    if (!size.encryptionAtHost)
      throw badRequest(
        "InvalidParameter",
        `The property 'securityProfile.encryptionAtHost' is not valid because the VM size '${size.name}' does not support encryption at host.`,
        "securityProfile.encryptionAtHost",
      );
  }
  const accelerated = networkProfile.networkInterfaceConfigurations.some(
    ({ properties }) => properties.enableAcceleratedNetworking === true,
  );
  if (accelerated && !size.acceleratedNetworking) {
    throw badRequest(
      "VMSizeIsNotPermittedToEnableAcceleratedNetworkingForVmss",
      `Virtual machine at index 0 of VM scale set ${id} has size ${size.name}, which is not compatible with enabling accelerated networking in the network profile on the scale set.`,
    );
  }
}

/** A set's security type is that of its birth. */
function refuseChange(body: ScaleSetBody, before: ScaleSetBody): void {
  const typeOf = ({ properties }: ScaleSetBody): string =>
    properties.virtualMachineProfile.securityProfile?.securityType ?? "Standard";
  const settingsOf = ({ properties }: ScaleSetBody): unknown =>
    properties.virtualMachineProfile.securityProfile?.uefiSettings ?? {};
  const [changed] = [
    ...(typeOf(body) === typeOf(before) ? [] : ["securityProfile.securityType"]),
    ...(isDeepStrictEqual(settingsOf(body), settingsOf(before)) ? [] : ["securityProfile.uefiSettings"]),
  ];
  if (changed === undefined) return;
  throw new ArmError(409, "PropertyChangeNotAllowed", `Changing property '${changed}' is not allowed.`, {
    target: changed,
  });
}
