/** Which works are interrupted, in which order, how, and when: all of it follows from the seed. Pure. */
import { shortHash } from "../fabric/names.ts";

/** What an `up` has to do. */
export interface Work {
  name: string;
  /** Settings under `platform:environment`, `path=value`, besides the stack's file. */
  settings: readonly string[];
  /** The stack is destroyed before. */
  fromNothing?: true;
  /** How long such an `up` takes on a host on which dev is built within `buildSeconds`. */
  seconds: number;
}

/**
 * `group`: the process group of the command, as a terminal or a runner ends it; `all`: all that it started, as a
 * container's end does.
 */
export type How = "group" | "all";

/** What is killed and completes: `bin/lab up`, or `bin/lab delivery up` as the job `apply` of a pipeline calls it. */
export type Form = "up" | "delivery up";

export interface Round {
  /** From 1 on. */
  number: number;
  form: Form;
  work: Work;
  /** Settings with which the stack stands before. */
  before: readonly string[];
  /** The moment, as a share of the time that the work takes: at least 0, below 1. */
  share: number;
  how: How;
}

export const buildSeconds = 180;

/** What a `delivery up` takes besides on such a host: it previews first. */
export const previewSeconds = 30;

/** The tiers of dev that have an `outbound` of their own for a while. */
const limited = ["front", "back", "machine-learning", "data"];

const asInFile = (name: string, seconds: number): Work => ({ name, settings: [], seconds });

/** Works that follow each other: each begins with the stack as its file says, and ends so. */
const sequences: readonly (readonly Work[])[] = [
  [{ name: "everything is built", settings: [], fromNothing: true, seconds: buildSeconds }],
  [
    {
      name: "machines come",
      settings: ["tiers.front.instances=3", "tiers.back.instances=3", "tiers.machine-learning.instances=2"],
      seconds: 100,
    },
    asInFile("machines go", 100),
  ],
  [
    {
      name: "a tier comes",
      settings: [
        "tiers.search={kind: machine-learning, subnetIndex: 9, instances: 1, port: 5000, applications: " +
          "[{name: search, repository: https://git.chatbot.example/machine-learning.git, revision: main, port: 5000}]}",
      ],
      seconds: 100,
    },
    asInFile("a tier goes", 70),
  ],
  [
    {
      name: "rules and scale sets change",
      settings: limited.flatMap((tier) => [
        `tiers.${tier}.outbound=[{to: Internet, ports: [80, 443]}]`,
        `tiers.${tier}.repair.gracePeriod=PT20M`,
      ]),
      seconds: 30,
    },
    asInFile("rules and scale sets change back", 30),
  ],
  [
    {
      name: "a name comes, and a server's setting changes",
      settings: [
        "tiers.back.concurrency=100",
        "reverseProxy.routes=[{host: www.dev.chatbot.example, tier: front}, {host: api.dev.chatbot.example, tier: back}, " +
          "{host: more.dev.chatbot.example, tier: front}]",
      ],
      seconds: 70,
    },
    asInFile("a name goes, and a server's setting changes back", 70),
  ],
];

/** A number from 0 to below 1: the same for the same words. */
export const drawn = (words: string): number => parseInt(shortHash(words), 16) / 2 ** 32;

/** The numbers below `count`, in an order that follows from the words. */
const shuffled = (words: string, count: number): number[] =>
  Array.from({ length: count }, (_, index) => index).sort(
    (a, b) => drawn(`${words} ${a}`) - drawn(`${words} ${b}`) || a - b,
  );

/**
 * The rounds of a seed, every second one of a `delivery up`: each sequence as often as every other, in a random order. The
 * moments are random too, one in each part of the time: with 20 rounds, one in each twentieth.
 */
export function planned(seed: number, count: number): Round[] {
  const works: Work[] = [];
  for (let turn = 1; works.length < count; turn++)
    for (const index of shuffled(`${seed} works ${turn}`, sequences.length)) works.push(...(sequences[index] ?? []));
  const parts = shuffled(`${seed} parts`, count);
  return works
    .slice(0, count)
    .map((work, index) => ({
      number: index + 1,
      form: index % 2 === 0 ? "up" : "delivery up",
      work,
      before: works[index - 1]?.settings ?? [],
      share: ((parts[index] ?? 0) + drawn(`${seed} moment ${index}`)) / count,
      how: drawn(`${seed} how ${index}`) < 0.5 ? "group" : "all",
    }));
}
