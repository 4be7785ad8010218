/** What newer api-versions of scale sets brought. */
import type { Introduced } from "../apiVersions.ts";

const profilePath = "properties.virtualMachineProfile";
const interfacePath = `${profilePath}.networkProfile.networkInterfaceConfigurations`;

export const scaleSetIntroduced: Introduced = {
  [`${interfacePath}.properties.auxiliaryMode`]: "2023-07-01",
  [`${interfacePath}.properties.auxiliarySku`]: "2023-07-01",
  "properties.resiliencyPolicy": "2023-09-01",
  [`${profilePath}.securityProfile.encryptionIdentity`]: "2023-09-01",
  [`${profilePath}.securityProfile.proxyAgentSettings`]: "2023-09-01",
  "properties.scheduledEventsPolicy": "2024-07-01",
  "properties.skuProfile": "2024-07-01",
  "properties.zonalPlatformFaultDomainAlignMode": "2024-07-01",
  [`${profilePath}.storageProfile.osDisk.diffDiskSettings.placement=NvmeDisk`]: "2024-07-01",
  "properties.scaleInPolicy.prioritizeUnhealthyVMs": "2024-11-01",
  [`${interfacePath}.tags`]: "2025-04-01",
  placement: "2025-04-01",
  "properties.highSpeedInterconnectPlacement": "2025-04-01",
  "properties.additionalCapabilities.enableFips1403Encryption": "2025-04-01",
  "properties.externalHealthPolicy": "2026-03-01",
  "properties.lifecycleHooksProfile": "2026-03-01",
  "properties.zonalPlatformFaultDomainAlignMode=BestEffortAligned": "2026-03-01",
  [`${profilePath}.interconnectBlockProfile`]: "2026-03-01",
  [`${profilePath}.networkProfile.interconnectGroupProfile`]: "2026-03-01",
  [`${profilePath}.securityProfile.securityType=Standard`]: "2026-03-01",
  [`${profilePath}.storageProfile.osDisk.storageFaultDomainAlignment`]: "2026-03-01",
  [`${profilePath}.storageProfile.osDisk.diffDiskSettings.enableFullCaching`]: "2026-03-01",
  [`${profilePath}.storageProfile.diskApiVersion`]: "2026-04-01",
  [`${profilePath}.storageProfile.osDisk.managedDisk.additionalDiskProperties`]: "2026-04-01",
};
