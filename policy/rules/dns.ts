/** Names. */
import { originOf } from "../blocks.ts";
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, items, must, show } from "../values.ts";

/** Seconds for which resolvers may keep an answer at most: an address may have to move. */
const longestTime = 3600;

const addresses = (inputs: unknown) =>
  items(inputs, "aRecords")
    .map((record) => at(record, "ipv4Address"))
    .filter((address) => typeof address === "string");

export const rules: Rule[] = [
  {
    name: "dns-public-address",
    asks: "Public names lead to public addresses; what is inside is nobody's business",
    ids: [],
    types: [types.record],
    check: ({ inputs }) =>
      addresses(inputs)
        .filter((address) => originOf(address) === "private")
        .map((address) => `aRecords: given ${address}, allowed are public addresses`),
  },
  {
    name: "dns-private-address",
    asks: "Private names lead into the network",
    ids: [],
    types: [types.privateRecord],
    check: ({ inputs }) =>
      addresses(inputs)
        .filter((address) => originOf(address) !== "private")
        .map((address) => `aRecords: given ${address}, allowed are private addresses`),
  },
  {
    name: "dns-time-to-live",
    // Records of old in a public zone have the times of their zone file.
    asks: "Machines keep an answer of a private zone for an hour at most",
    ids: [],
    types: [types.privateRecord],
    check: ({ inputs }) => {
      const time = at(inputs, "ttl");
      return typeof time === "symbol" || (typeof time === "number" && time >= 1 && time <= longestTime)
        ? []
        : [`ttl: given ${show(time)}, allowed are 1 to ${longestTime}`];
    },
  },
  {
    name: "dns-registration",
    asks: "Machines do not write themselves into the private zone: a name is a load balancer's",
    ids: [],
    types: [types.networkLink],
    check: ({ inputs }) => must(inputs, "registrationEnabled", false),
  },
  {
    name: "dns-zone-kind",
    asks: "A public zone is said to be one",
    ids: [],
    types: [types.zone],
    check: ({ inputs }) => must(inputs, "zoneType", "Public"),
  },
];
