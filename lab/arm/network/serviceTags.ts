/**
 * Service tags in security rules: https://learn.microsoft.com/azure/virtual-network/service-tags-overview. Of the tag
 * Internet it says: "The address range includes the Azure-owned public IP address space."
 */
import { locations } from "../locations.ts";

/** Tags whose addresses the lab has. */
const enforced = [
  ...["Internet", "VirtualNetwork", "AzureLoadBalancer"],
  ...["AzureCloud", "AzureKeyVault", "AzureResourceManager", "Storage"],
];

/** Services that the lab does not have: no address of it is theirs, so that a rule for one of them matches nothing. */
const elsewhere = [
  ...[
    "ApiManagement",
    "AppConfiguration",
    "AppService",
    "AzureActiveDirectory",
    "AzureArcInfrastructure",
    "AzureBackup",
  ],
  ...["AzureContainerRegistry", "AzureCosmosDB", "AzureDevOps", "AzureDigitalTwins", "AzureEventGrid"],
  ...["AzureFrontDoor.Backend", "AzureFrontDoor.FirstParty", "AzureFrontDoor.Frontend", "AzureMonitor"],
  ...["AzureSiteRecovery", "AzureTrafficManager", "AzureUpdateDelivery", "EventHub"],
  ...["GatewayManager", "GuestAndHybridManagement", "MicrosoftContainerRegistry", "MicrosoftDefenderForEndpoint"],
  ...["ServiceBus", "Sql", "WindowsAdminCenter"],
];

/** Of these there is a tag for each region too, as `Storage.WestEurope`. */
const regional = [
  ...["AppService", "AzureCloud", "AzureContainerRegistry", "AzureCosmosDB", "AzureKeyVault", "EventHub"],
  ...["MicrosoftContainerRegistry", "ServiceBus", "Sql", "Storage"],
];

const spellings = new Map(
  [
    ...enforced,
    ...elsewhere,
    ...regional.flatMap((tag) => locations.map(({ displayName }) => `${tag}.${displayName.replaceAll(" ", "")}`)),
  ].map((tag) => [tag.toLowerCase(), tag]),
);

/** The tag in Azure's spelling, if `address` is one that the lab knows. */
export const tagOf = (address: string): string | undefined => spellings.get(address.toLowerCase());

/** For messages. */
export const knownTags = [...enforced, ...elsewhere].join(", ");
