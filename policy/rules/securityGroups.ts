/** What may enter a subnet. Azure's own last rules let every machine of the network reach every other. */
import { parseCidr } from "../../environment/address.ts";
import { blockOf, originOf, widestPublicBlock, type Origin } from "../blocks.ts";
import { component, type Resource, type Rule, type StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, mayBe, notYetKnown, show } from "../values.ts";

/** Ports by which machines are administered: SSH, Windows' remote desktop and remote management. */
const managementPorts = [22, 3389, 5985, 5986];
/** Ports of the reverse proxy for everybody, and besides for known senders. */
const webPorts = [80, 443];
const administratorsPorts = [...webPorts, 22];

/** Bits of the widest block inside that may be let in: a subnet. */
const subnetBits = 24;
const lastPriority = 4096;
/** Fields of a rule that is about everything. */
const whole = [
  "protocol",
  "sourceAddressPrefix",
  "sourcePortRange",
  "destinationAddressPrefix",
  "destinationPortRange",
];

interface Inbound {
  name: string;
  rule: unknown;
  priority: unknown;
  protocol: unknown;
  sources: string[];
  ports: string[];
}

const strings = (values: unknown[]): string[] => values.filter((value) => typeof value === "string");

/** The values of a field that Azure has in singular and plural. */
const both = (rule: unknown, singular: string, plural: string) => strings([at(rule, singular), ...items(rule, plural)]);

/** In any case: that Azure takes `inbound` for `Inbound` is a guess, and a rule that is overlooked costs more. */
const is = (rule: unknown, field: string, word: string) => show(at(rule, field)).toLowerCase() === word.toLowerCase();

function inbound({ inputs }: Resource, access: "Allow" | "Deny"): Inbound[] {
  return items(inputs, "securityRules")
    .filter((rule) => is(rule, "direction", "Inbound") && is(rule, "access", access))
    .map((rule) => ({
      ...{ name: show(at(rule, "name")), rule },
      priority: at(rule, "priority"),
      protocol: at(rule, "protocol"),
      sources: [
        ...both(rule, "sourceAddressPrefix", "sourceAddressPrefixes"),
        // Who is in it is not said here.
        ...items(rule, "sourceApplicationSecurityGroups").map(() => "an application security group"),
      ],
      ports: both(rule, "destinationPortRange", "destinationPortRanges"),
    }));
}

/** Whether it is not known yet of a rule whom it lets in or not. */
const isVague = ({ inputs }: Resource) =>
  at(inputs, "securityRules") === notYetKnown ||
  items(inputs, "securityRules").some((rule) =>
    ["direction", "access", "sourceAddressPrefix"].some((field) => at(rule, field) === notYetKnown),
  );

/** The group of the subnet in which the reverse proxies stand; that no other uses it is a rule of its own. */
const isReverseProxys = ({ inputs }: Resource) => mayBe(at(inputs, "tags.tier"), "reverse-proxy");

/** Whether a port, a range such as `20-30`, or `*` has one of the ports. */
function hasPort(range: string, ports: readonly number[]): boolean {
  if (range === "*") return true;
  const [first = 0, last = first] = range.split("-").map(Number);
  return ports.some((port) => first <= port && port <= last);
}

const isOneOf = (range: string, ports: readonly number[]) => ports.map(String).includes(range);

/** Sources of one of the origins in allowing rules, each with what the rule says besides. */
function sourcesOf(group: Resource, origins: readonly Origin[]): (Inbound & { source: string; origin: Origin })[] {
  return inbound(group, "Allow").flatMap((rule) =>
    rule.sources
      .map((source) => ({ ...rule, source, origin: originOf(source) }))
      .filter(({ origin }) => origins.includes(origin)),
  );
}

export const rules: Rule[] = [
  {
    name: "inbound-any",
    asks: "No security group lets everybody in: a source is a tag or a block of known senders",
    ids: ["Azure.NSG.AnyInboundSource", "CKV_AZURE_9", "CKV_AZURE_10", "CKV_AZURE_77", "CKV_AZURE_160", "AZU-0047"],
    types: [types.securityGroup],
    check: (group) =>
      sourcesOf(group, ["any"]).map(
        ({ name, source }) =>
          `${name}: given source ${source}, allowed is a tag, or a block of known senders, at most a /${widestPublicBlock}`,
      ),
  },
  {
    name: "inbound-internet",
    asks: "Nothing but the reverse proxy's subnet is entered from outside",
    ids: ["CKV_AZURE_9", "CKV_AZURE_10", "CKV_AZURE_77", "CKV_AZURE_160", "AZU-0047", "AZU-0074"],
    types: [types.securityGroup],
    check: (group) =>
      isReverseProxys(group)
        ? []
        : sourcesOf(group, ["any", "internet", "public"]).map(
            ({ name, source }) => `${name}: given source ${source}, allowed are subnets of the network`,
          ),
  },
  {
    name: "inbound-ports",
    asks: "The reverse proxies are reached from outside at TCP 80 and 443, and by known senders at 22",
    ids: ["CKV_AZURE_77", "AZU-0047", "AZU-0074"],
    types: [types.securityGroup],
    check: (group) =>
      !isReverseProxys(group)
        ? []
        : sourcesOf(group, ["any", "internet", "public"]).flatMap(({ name, protocol, ports, origin }) => {
            const allowed = origin === "public" ? administratorsPorts : webPorts;
            return [
              ...(mayBe(protocol, "Tcp", "TCP", "tcp")
                ? []
                : [`${name}: given protocol ${show(protocol)}, allowed is Tcp`]),
              ...ports
                .filter((port) => !isOneOf(port, allowed))
                .map((port) => `${name}: given port ${port}, allowed are ${allowed.join(", ")}`),
            ];
          }),
  },
  {
    name: "inbound-management",
    asks: "SSH and remote desktop are never open to everybody",
    ids: ["CKV_AZURE_9", "CKV_AZURE_10", "AZU-0048", "AZU-0050"],
    types: [types.securityGroup],
    check: (group) =>
      sourcesOf(group, ["any", "internet"]).flatMap(({ name, source, ports }) =>
        ports
          .filter((port) => hasPort(port, managementPorts))
          .map((port) => `${name}: given port ${port} from ${source}, allowed are blocks of known senders`),
      ),
  },
  {
    name: "inbound-segments",
    asks: "What is let in from inside is a subnet, not the whole network: tiers reach those that the stack file names",
    ids: ["Azure.NSG.LateralTraversal"],
    types: [types.securityGroup],
    check: (group) =>
      sourcesOf(group, ["network", "private"])
        // Administrators may sit behind a private block of any size.
        .filter(({ ports }) => !(isReverseProxys(group) && ports.every((port) => port === "22")))
        .filter(({ source }) => (parseCidr(blockOf(source) ?? "")?.prefix ?? 0) < subnetBits)
        .map(({ name, source }) => `${name}: given source ${source}, allowed is a /${subnetBits} or smaller`),
  },
  {
    name: "inbound-deny-all",
    asks: "A security group ends by denying everything, after it has let Azure's health probes in",
    ids: ["Azure.NSG.DenyAllInbound", "Azure.NSG.LateralTraversal"],
    types: [types.securityGroup],
    check: (group) => {
      if (isVague(group)) return [];
      const denying = inbound(group, "Deny")
        .filter(({ rule }) => whole.every((field) => mayBe(at(rule, field), "*")))
        .map(({ priority }) => priority);
      const denied = denying.some((priority) => mayBe(priority, lastPriority));
      const first = Math.min(lastPriority, ...denying.filter((priority) => typeof priority === "number"));
      const probed = sourcesOf(group, ["probe"]).some(
        ({ priority }) => priority === notYetKnown || (typeof priority === "number" && priority < first),
      );
      return [
        ...(denied ? [] : [`securityRules: no rule of priority ${lastPriority} denies all that is left`]),
        ...(probed
          ? []
          : ["securityRules: no rule lets AzureLoadBalancer in before all is denied, so that no health probe arrives"]),
      ];
    },
  },
];

export const stackRules: StackRule[] = [
  {
    name: "security-group-used",
    asks: "Every security group guards a subnet",
    ids: ["Azure.NSG.Associated"],
    checkStack: (resources) => {
      const used = new Set(
        resources.flatMap(({ type, madeOf }) => (type === types.subnet ? madeOf("networkSecurityGroup") : [])),
      );
      return resources
        .filter(({ type, urn }) => type === types.securityGroup && !used.has(urn))
        .map((of) => ({ of, message: "used by: given nothing, allowed is a subnet" }));
    },
  },
  {
    name: "internet-subnet",
    asks: "In the subnet that is open to the outside stand reverse proxies only",
    ids: [],
    checkStack: (resources) => {
      const open = new Set(
        resources
          .filter(
            (each) => each.type === types.securityGroup && sourcesOf(each, ["any", "internet", "public"]).length > 0,
          )
          .map(({ urn }) => urn),
      );
      const subnets = new Set(
        resources
          .filter(
            ({ type, madeOf }) => type === types.subnet && madeOf("networkSecurityGroup").some((urn) => open.has(urn)),
          )
          .map(({ urn }) => urn),
      );
      return resources
        .filter(
          ({ type, components, madeOf }) =>
            type === types.scaleSet &&
            !components.includes(component("ReverseProxy")) &&
            madeOf("virtualMachineProfile").some((urn) => subnets.has(urn)),
        )
        .map((of) => ({
          of,
          message: "subnet: given one whose security group lets senders from outside in, allowed is any other",
        }));
    },
  },
];
