/** Peerings with the networks of other environments. */
import { component, type Rule, type StackResource, type StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, must, mustMatch, mustNot, notYetKnown, show } from "../values.ts";

/** IDs of networks that programs of this project make. */
const ours = /\/resourceGroups\/rg-[a-z0-9-]+\/providers\/Microsoft\.Network\/virtualNetworks\/vnet-[a-z0-9-]+$/i;

/** Names of the networks of a half: its own, and the remote one; not yet known where one of them is not. */
function networksOf({ inputs }: StackResource): [own: string, remote: string] | undefined {
  const [own, remote] = [at(inputs, "virtualNetworkName"), at(inputs, "remoteVirtualNetwork.id")];
  return own === notYetKnown || remote === notYetKnown ? undefined : [show(own), show(remote).split("/").at(-1) ?? ""];
}

export const rules: Rule[] = [
  {
    name: "peering-place",
    asks: "Networks are peered by the component that links their zones too, with networks that this project makes",
    ids: [],
    types: [types.peering],
    check: ({ inputs, components }) => [
      ...(components.includes(component("Peering"))
        ? []
        : [`parent: given ${components.join(", ") || "none"}, allowed is ${component("Peering")}`]),
      ...mustMatch(inputs, "virtualNetworkName", /^vnet-/, "the name of a network that this project makes"),
      ...mustMatch(inputs, "remoteVirtualNetwork.id", ours, "the ID of a network that this project makes"),
    ],
  },
  {
    name: "peering-traffic",
    asks: "Peered networks reach each other only: none passes on what comes from elsewhere, or lends its gateway",
    ids: [],
    types: [types.peering],
    check: ({ inputs }) => [
      ...must(inputs, "allowVirtualNetworkAccess", true),
      ...["allowForwardedTraffic", "allowGatewayTransit", "useRemoteGateways"].flatMap((field) =>
        mustNot(inputs, field, false),
      ),
    ],
  },
];

export const stackRules: StackRule[] = [
  {
    name: "peering-halves",
    asks: "A peering has both halves; with one alone nothing passes",
    ids: ["Azure.VNET.PeerState"],
    checkStack: (resources) => {
      const halves = resources.filter(({ type }) => type === types.peering);
      const known = halves.map(networksOf);
      // One that is not known yet may be any half.
      if (known.includes(undefined)) return [];
      return halves.flatMap((of) => {
        const [own, remote] = networksOf(of) ?? [];
        return known.some((other) => other?.[0] === remote && other?.[1] === own)
          ? []
          : [{ of, message: `${own} to ${remote}: given no half of ${remote}, allowed is one` }];
      });
    },
  },
];
