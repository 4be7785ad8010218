/** Public addresses: one of the reverse proxy, one by which machines call the outside, and no other. */
import { component, type Rule, type StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, isOneOrUnknown, items, must, mustNot, show } from "../values.ts";

/** Components that may have a public address, one each. */
const places = [component("ReverseProxy"), component("Network")];

export const rules: Rule[] = [
  {
    name: "public-address-place",
    asks: "Public addresses are those of the reverse proxy and of the NAT gateway only",
    ids: ["Azure.VMSS.PublicIPAttached", "Azure.VM.PublicIPAttached", "CKV_AZURE_119"],
    types: [types.publicAddress],
    check: ({ components }) =>
      components.some((each) => places.includes(each))
        ? []
        : [`parent: given ${components.join(", ") || "none"}, allowed is ${places.join(" or ")}`],
  },
  {
    name: "public-address-sku",
    asks: "A public address is static, of the Standard SKU, and IPv4, for which the security groups are made",
    ids: ["Azure.PublicIP.StandardSKU", "Azure.PublicIP.MigrateStandard"],
    types: [types.publicAddress],
    check: ({ inputs }) => [
      ...must(inputs, "sku.name", "Standard"),
      ...must(inputs, "publicIPAllocationMethod", "Static"),
      ...must(inputs, "publicIPAddressVersion", "IPv4", undefined),
    ],
  },
  {
    name: "public-frontend-place",
    asks: "Only the reverse proxy's load balancer has a public address",
    ids: ["Azure.VMSS.PublicIPAttached"],
    types: [types.loadBalancer],
    check: ({ inputs, components }) =>
      items(inputs, "frontendIPConfigurations").flatMap((frontend) => [
        ...(components.includes(component("ReverseProxy")) ? [] : mustNot(frontend, "publicIPAddress")),
        ...mustNot(frontend, "publicIPPrefix"),
      ]),
  },
  {
    name: "scale-set-no-public-address",
    asks: "Machines have no public addresses of their own",
    ids: ["Azure.VMSS.PublicIPAttached", "CKV_AZURE_119", "AZU-0076"],
    types: [types.scaleSet],
    check: ({ inputs }) =>
      items(inputs, "virtualMachineProfile.networkProfile.networkInterfaceConfigurations").flatMap((card) =>
        items(card, "ipConfigurations").flatMap((configuration) =>
          mustNot(configuration, "publicIPAddressConfiguration"),
        ),
      ),
  },
  {
    name: "nat-gateway-sku",
    asks: "The NAT gateway has the Standard SKU and one address of its own",
    ids: ["Azure.PublicIP.StandardSKU"],
    types: [types.natGateway],
    check: ({ inputs }) => {
      const given = at(inputs, "publicIpAddresses");
      return [
        ...must(inputs, "sku.name", "Standard", "StandardV2"),
        ...(isOneOrUnknown(given) ? [] : [`publicIpAddresses: given ${show(given)}, allowed is one address`]),
        ...mustNot(inputs, "publicIpPrefixes"),
      ];
    },
  },
];

export const stackRules: StackRule[] = [
  {
    name: "public-address-count",
    asks: "A stack has one public address at its reverse proxy, and one at its NAT gateway",
    ids: ["Azure.VMSS.PublicIPAttached"],
    checkStack: (resources) =>
      places.flatMap((place) => {
        const there = resources.filter(
          ({ type, components }) => type === types.publicAddress && components.includes(place),
        );
        return there
          .slice(1)
          .map((of) => ({ of, message: `${place}: given ${there.length} public addresses, allowed is one` }));
      }),
  },
  {
    name: "public-address-used",
    asks: "Every public address is used by a load balancer or NAT gateway",
    ids: ["Azure.PublicIP.IsAttached"],
    checkStack: (resources) => {
      const used = new Set(
        resources.flatMap(({ type, madeOf }) =>
          type === types.loadBalancer
            ? madeOf("frontendIPConfigurations")
            : type === types.natGateway
              ? madeOf("publicIpAddresses")
              : [],
        ),
      );
      return resources
        .filter(({ type, urn }) => type === types.publicAddress && !used.has(urn))
        .map((of) => ({ of, message: "used by: given nothing, allowed is a load balancer or NAT gateway" }));
    },
  },
];
