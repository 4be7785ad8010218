/** Microsoft.Network/publicIPAddresses: Standard SKU, static, IPv4. */
import { z } from "zod";
import { formatAddress, parseAddress } from "../addresses.ts";
import { badRequest, conflict } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { referencesIn, referrersOf } from "../references.ts";
import { choice, ignored, issue, range, reference, tracked, zoneList } from "../schema.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { networkName, types } from "./names.ts";

const body = z
  .strictObject({
    ...tracked,
    sku: z
      .strictObject({
        name: choice("Basic", "Standard", "StandardV2").default("Basic"),
        tier: choice("Regional", "Global").optional(),
      })
      .optional(),
    zones: zoneList.optional(),
    properties: z
      .strictObject({
        publicIPAllocationMethod: choice("Static", "Dynamic").optional(),
        publicIPAddressVersion: choice("IPv4", "IPv6").optional(),
        idleTimeoutInMinutes: range(4, 30, "PublicIPAddressIdleTimeoutOutOfRange").optional(),
        dnsSettings: z
          .strictObject({
            domainNameLabel: z
              .string()
              .regex(
                /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/,
                "A label has 3-63 lower-case letters, digits and hyphens and begins with a letter",
              )
              .optional(),
            domainNameLabelScope: choice(
              "TenantReuse",
              "SubscriptionReuse",
              "ResourceGroupReuse",
              "NoReuse",
            ).optional(),
            fqdn: ignored,
            reverseFqdn: z.string().optional(),
          })
          .optional(),
        ddosSettings: z
          .strictObject({
            protectionMode: choice("VirtualNetworkInherited", "Enabled", "Disabled").optional(),
            ddosProtectionPlan: reference.optional(),
          })
          .optional(),
        ipTags: z.array(z.strictObject({ ipTagType: z.string(), tag: z.string() })).optional(),
        deleteOption: choice("Delete", "Detach").optional(),
        ipAddress: ignored,
        ipConfiguration: ignored,
        natGateway: ignored,
        resourceGuid: ignored,
        provisioningState: ignored,
      })
      .default({}),
  })
  .superRefine((address, context) => {
    const sku = address.sku?.name ?? "Basic";
    const { publicIPAllocationMethod: method, publicIPAddressVersion: version } = address.properties;
    if (sku === "Basic") {
      issue(
        context,
        "IPv4BasicSkuPublicIpCountLimitReached",
        "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region: they were retired on 30 September 2025. Set sku.name to 'Standard'.",
        ["sku", "name"],
      );
    } else if (method !== "Static") {
      issue(
        context,
        "StandardSkuPublicIPAddressesMustBeStatic",
        `Standard sku publicIp must have AllocationMethod set to Static (given: ${method ?? "none, which means Dynamic"}).`,
        ["properties", "publicIPAllocationMethod"],
      );
    }
    if (version === "IPv6")
      issue(context, "NotImplementedByLab", "The lab has no IPv6.", ["properties", "publicIPAddressVersion"]);
  });

export type PublicAddressBody = z.infer<typeof body>;

function prepare(draft: Draft<PublicAddressBody>, { store, options }: Context): void {
  if (draft.computed.address !== undefined) return;
  const { first, last } = options.publicAddresses ?? { first: "198.51.100.32", last: "198.51.100.191" };
  const taken = new Set(store.ofType(types.publicAddress).map((address) => address.computed.address));
  for (let address = parseAddress(first)!; address <= parseAddress(last)!; address += 1) {
    if (taken.has(formatAddress(address))) continue;
    draft.computed.address = formatAddress(address);
    return;
  }
  throw badRequest(
    "PublicIPCountLimitReached",
    `Cannot create more public IP addresses: the lab's ${first} to ${last} are all taken. Delete one that is not needed.`,
  );
}

/** The front end, IP configuration or NAT gateway that uses an address. */
function userOf(id: string, { store }: Context): { user: Resource; part: string } | undefined {
  for (const user of referrersOf(id, store)) {
    const found = referencesIn(user.body).find((one) => keyOf(one.id) === keyOf(id));
    const match = found && /^properties\.(frontendIPConfigurations|ipConfigurations)\[(\d+)\]/.exec(found.path);
    if (!match) return { user, part: user.id };
    const parts = (user.body.properties as Record<string, { name: string }[]>)[match[1]!]!;
    return { user, part: `${user.id}/${match[1]}/${parts[Number(match[2])]!.name}` };
  }
  return undefined;
}

function render(address: Resource<PublicAddressBody>, context: Context): object {
  const used = userOf(address.id, context);
  const viaNat = used?.user.type === types.natGateway;
  const { dnsSettings } = address.body.properties;
  const { sku, zones } = address.body;
  return {
    sku: { tier: "Regional", ...sku },
    ...(zones && { zones }),
    properties: {
      provisioningState: address.state,
      resourceGuid: address.guid,
      publicIPAddressVersion: "IPv4",
      idleTimeoutInMinutes: 4,
      ipTags: [],
      ddosSettings: { protectionMode: "VirtualNetworkInherited" },
      ...address.body.properties,
      ipAddress: address.computed.address,
      ...(dnsSettings?.domainNameLabel && {
        dnsSettings: {
          ...dnsSettings,
          fqdn: `${dnsSettings.domainNameLabel}.${address.body.location}.cloudapp.azure.com`,
        },
      }),
      ...(used && (viaNat ? { natGateway: { id: used.user.id } } : { ipConfiguration: { id: used.part } })),
    },
  };
}

export const publicIPAddresses: ResourceType<PublicAddressBody> = {
  type: types.publicAddress,
  dialect: "network",
  location: "regional",
  name: networkName,
  schema: body,
  asynchronous: true,
  patch: "tags",
  prepare,
  render,
  refuseDelete: (address, context) => {
    const used = userOf(address.id, context);
    if (!used) return;
    throw badRequest(
      "PublicIPAddressCannotBeDeleted",
      `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${used.part}. In order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see aka.ms/deletepublicip.`,
    );
  },
};

/** An address serves one front end, IP configuration or NAT gateway; and it must be of the Standard SKU, which all are. */
export function refuseShared(addressId: string, ownerId: string, { store }: Context): void {
  const other = referrersOf(addressId, store).find((user) => user.key !== keyOf(ownerId));
  if (other) {
    throw conflict(
      "PublicIPAddressInUse",
      `Resource ${ownerId} is referencing public IP address ${addressId} that is already allocated to resource ${other.id}.`,
    );
  }
}
