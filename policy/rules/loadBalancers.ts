/** Load balancers. */
import { component, type Resource, type Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, isThere, items, must, mustHave, mustMatch, mustNot, notYetKnown, show } from "../values.ts";

/**
 * What the reverse proxies' load balancers pass on: the web, and SSH, for which the security group knows the senders. To
 * other environments' proxies, which end TLS, HTTP.
 */
const publicPorts = [80, 443, 22];
const internalPorts = [80, 22];

const webProtocols: readonly unknown[] = ["Http", "Https"];
const webPorts: readonly unknown[] = [80, 443, 8080];

/** The mistakes of each item of a list, with its name. */
const ofEach = (inputs: unknown, list: string, check: (item: unknown) => string[]) =>
  items(inputs, list).flatMap((item) => check(item).map((mistake) => `${show(at(item, "name"))}: ${mistake}`));

const isReverseProxys = ({ components }: Resource) => components.includes(component("ReverseProxy"));

/** Whether a load balancer's addresses are public; undefined where that is not known yet. */
function isPublic({ inputs }: Resource): boolean | undefined {
  const given = items(inputs, "frontendIPConfigurations").map((frontend) => at(frontend, "publicIPAddress"));
  return given.length === 0 || given.includes(notYetKnown) ? undefined : given.some(isThere);
}

/** The mistakes of rules that pass on other ports than these. */
const passesOn = (inputs: unknown, ports: readonly number[]) =>
  ofEach(inputs, "loadBalancingRules", (rule) => [
    ...must(rule, "frontendPort", ...ports),
    ...must(rule, "protocol", "Tcp", "TCP"),
  ]);

export const rules: Rule[] = [
  {
    name: "load-balancer-sku",
    asks: "A load balancer has the Standard SKU, which lets nothing in without a security group",
    ids: ["Azure.LB.StandardSKU"],
    types: [types.loadBalancer],
    check: ({ inputs }) => must(inputs, "sku.name", "Standard"),
  },
  {
    name: "load-balancer-probe",
    asks: "Every balancing rule asks a probe whether a machine is healthy, and HTTP probes a path of their own",
    ids: ["Azure.LB.Probe"],
    types: [types.loadBalancer],
    check: ({ inputs }) => [
      ...ofEach(inputs, "loadBalancingRules", (rule) => mustHave(rule, "probe.id", "the ID of a probe")),
      ...ofEach(inputs, "probes", (probe) => [
        ...(webProtocols.includes(at(probe, "protocol"))
          ? mustMatch(probe, "requestPath", /^\/./, "a path such as /health")
          : []),
        ...(webPorts.includes(at(probe, "port")) ? must(probe, "protocol", ...webProtocols) : []),
      ]),
    ],
  },
  {
    name: "load-balancer-no-nat",
    asks: "No load balancer opens a way to a single machine",
    ids: [],
    types: [types.loadBalancer],
    check: ({ inputs }) => [...mustNot(inputs, "inboundNatRules"), ...mustNot(inputs, "inboundNatPools")],
  },
  {
    name: "load-balancer-public-ports",
    asks: "The reverse proxy's public load balancer passes on TCP 80, 443 and 22, and lends nobody its address",
    ids: [],
    types: [types.loadBalancer],
    check: (resource) => {
      const { inputs } = resource;
      return isReverseProxys(resource) && isPublic(resource)
        ? [
            ...passesOn(inputs, publicPorts),
            ...ofEach(inputs, "loadBalancingRules", (rule) => must(rule, "disableOutboundSnat", true)),
            ...mustNot(inputs, "outboundRules"),
          ]
        : [];
    },
  },
  {
    name: "load-balancer-internal-ports",
    asks: "Other environments reach the reverse proxies at TCP 80 and 22",
    ids: [],
    types: [types.loadBalancer],
    check: (resource) =>
      isReverseProxys(resource) && isPublic(resource) === false ? passesOn(resource.inputs, internalPorts) : [],
  },
];
