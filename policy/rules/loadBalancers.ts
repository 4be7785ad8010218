/** Load balancers. */
import { component, type Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, must, mustHave, mustNot, show } from "../values.ts";

/** What the reverse proxy's load balancer passes on: the web, and SSH, for which the security group knows the senders. */
const publicPorts = [80, 443, 22];

const webProtocols: readonly unknown[] = ["Http", "Https"];
const webPorts: readonly unknown[] = [80, 443, 8080];
const noPaths: readonly unknown[] = [undefined, "", "/"];

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
      ...items(inputs, "loadBalancingRules").flatMap((rule) =>
        mustHave(rule, "probe.id", "the ID of a probe").map((mistake) => `${show(at(rule, "name"))}: ${mistake}`),
      ),
      ...items(inputs, "probes")
        .filter((probe) => webProtocols.includes(at(probe, "protocol")) && noPaths.includes(at(probe, "requestPath")))
        .map((probe) => `${show(at(probe, "name"))}: requestPath: given ${show(at(probe, "requestPath"))}`),
      ...items(inputs, "probes")
        .filter((probe) => webPorts.includes(at(probe, "port")))
        .flatMap((probe) => must(probe, "protocol", ...webProtocols)),
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
            ...items(inputs, "loadBalancingRules").flatMap((rule) =>
              [
                ...must(rule, "frontendPort", ...publicPorts),
                ...must(rule, "protocol", "Tcp", "TCP"),
                ...must(rule, "disableOutboundSnat", true),
              ].map((mistake) => `${show(at(rule, "name"))}: ${mistake}`),
            ),
            ...mustNot(inputs, "outboundRules"),
          ],
  },
];
