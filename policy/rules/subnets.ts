/** The network and its subnets. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, mayBe, must, mustHave, mustNot } from "../values.ts";

export const rules: Rule[] = [
  {
    name: "subnet-security-group",
    asks: "Every subnet has a network security group",
    ids: ["Azure.VNET.UseNSGs", "CKV2_AZURE_31"],
    types: [types.subnet],
    check: ({ inputs }) => mustHave(inputs, "networkSecurityGroup.id", "the ID of a network security group"),
  },
  {
    name: "network-subnets",
    asks: "Subnets are resources of their own, so that the rules for subnets see them; none is written into the network",
    ids: ["Azure.VNET.UseNSGs", "CKV2_AZURE_31"],
    types: [types.virtualNetwork],
    check: ({ inputs }) => [...mustNot(inputs, "subnets"), ...mustNot(inputs, "virtualNetworkPeerings")],
  },
  {
    name: "subnet-private",
    asks: "A subnet reaches the outside by the NAT gateway only, not by an address that Azure lends it",
    ids: ["Azure.VNET.PrivateSubnet"],
    types: [types.subnet],
    check: ({ inputs }) => [
      ...must(inputs, "defaultOutboundAccess", false),
      ...mustHave(inputs, "natGateway.id", "the ID of the NAT gateway"),
      ...mustNot(inputs, "routeTable"),
    ],
  },
  {
    name: "subnet-endpoint-policies",
    asks: "Security groups count for private endpoints, too",
    ids: [],
    types: [types.subnet],
    check: ({ inputs }) => must(inputs, "privateEndpointNetworkPolicies", "Enabled", "NetworkSecurityGroupEnabled"),
  },
  {
    name: "network-name-servers",
    asks: "A network asks Azure for names, or two name servers of its own",
    ids: ["Azure.VNET.SingleDNS", "CKV_AZURE_182"],
    types: [types.virtualNetwork],
    check: ({ inputs }) => {
      const given = at(inputs, "dhcpOptions.dnsServers");
      const count = items(inputs, "dhcpOptions.dnsServers").length;
      return mayBe(given, undefined) || count !== 1
        ? []
        : ["dhcpOptions.dnsServers: given one, allowed are none or two"];
    },
  },
];
