/** Load balancers. */
import { component, type Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, must, mustHave, mustMatch, mustNot, show } from "../values.ts";

/** What the reverse proxy's load balancer passes on: the web, and SSH, for which the security group knows the senders. */
const publicPorts = [80, 443, 22];

const webProtocols: readonly unknown[] = ["Http", "Https"];
const webPorts: readonly unknown[] = [80, 443, 8080];

/** The mistakes of each item of a list, with its name. */
const ofEach = (inputs: unknown, list: string, check: (item: unknown) => string[]) =>
  items(inputs, list).flatMap((item) => check(item).map((mistake) => `${show(at(item, "name"))}: ${mistake}`));

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
    asks: "The reverse proxy's load balancer passes on TCP 80, 443 and 22, and lends nobody its address",
    ids: [],
    types: [types.loadBalancer],
    check: ({ inputs, components }) =>
      !components.includes(component("ReverseProxy"))
        ? []
        : [
            ...ofEach(inputs, "loadBalancingRules", (rule) => [
              ...must(rule, "frontendPort", ...publicPorts),
              ...must(rule, "protocol", "Tcp", "TCP"),
              ...must(rule, "disableOutboundSnat", true),
            ]),
            ...mustNot(inputs, "outboundRules"),
          ],
  },
];
