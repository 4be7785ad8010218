/** The scenarios, as data: what is disturbed, how, and what must come of it. */
import type { LiveSettings } from "../liveSettings.ts";
import { breaking, changing, rebooting, reloading, type Disturb } from "./disturbances.ts";
import { faults, type Fault, type FaultName } from "./faults.ts";
import {
  becameWhole,
  ejectedWithin,
  loadWasKept,
  noneReplaced,
  noMoreThanUnavoidable,
  noReadFailed,
  replacedWithin,
  servesAgainWithin,
  writesWereKept,
  type Goal,
} from "./goals.ts";

export interface Scenario {
  name: string;
  /** What should happen, as a sentence. */
  title: string;
  /** Kind of machine of which one is broken. Absent: none in particular. */
  tier?: string;
  /** Its machine falls silent: what comes of that as the lab's settings are, which are read before a run. */
  silent?: (settings: LiveSettings) => Silence;
  disturb: Disturb;
  /** Ansible is run: its inventory must have the machines of today. */
  managed?: boolean;
  /** Answers at least, after all is whole again, until the load ends. */
  calmAnswers?: number;
  goals: Goal[];
}

export interface Silence {
  /** The machine does not come back: another one takes its place. */
  final: boolean;
  /** Besides the scenario's own. */
  goals: Goal[];
}

/** Seconds from its boot until a machine serves. */
const boot = 60;
/** Seconds after which the lab's agents count a machine that hangs as silent. */
const agentSilence = 20;
/** Seconds after which a machine that hangs is reset, by its watchdog or by somebody, where nobody replaced it. */
const hangs = 90;

/**
 * What comes of a silent machine: a repair where missing health is repaired and nothing else comes before, and
 * otherwise the machine itself, so many seconds after it fell.
 */
const silence =
  (comesBack: (settings: LiveSettings) => number, silentAfter = 0) =>
  (settings: LiveSettings): Silence => {
    const repairedAfter = silentAfter + settings.repairGraceSeconds;
    const final = settings.missingHealth === "repaired" && repairedAfter < comesBack(settings);
    return final
      ? // Both are looked at each second, and seen each half second.
        { final, goals: [replacedWithin(boot), servesAgainWithin(repairedAfter + boot + 5)] }
      : { final, goals: [noneReplaced, servesAgainWithin(comesBack(settings) + boot + 5)] };
  };
const lostHost = silence(({ serviceHealingSeconds }) => serviceHealingSeconds);
const hung = silence(() => hangs, agentSilence);

/** Seconds for which a machine stays broken that is mended then: longer than any load balancer needs to notice. */
const hold = 25;

/** A server behind HAProxy gets requests as soon as it is up. */
const soonAsked = 1000;

const always = [loadWasKept, writesWereKept, becameWhole];
const unnoticed = [...always, noReadFailed];
const bounded = [...always, noMoreThanUnavoidable];

/** One of several servers: another one does what it cannot do. */
const servers: Partial<Record<FaultName, Goal[]>> = {
  process: [...unnoticed, ejectedWithin(1)],
  power: [...unnoticed, ejectedWithin(1)],
  freeze: unnoticed,
  link: unnoticed,
  full: unnoticed,
  slow: unnoticed,
};

/** By kind of machine and fault, the goals. */
const broken: Record<string, Partial<Record<FaultName, Goal[]>>> = {
  // Azure's load balancer does not know how fast a server answers, so of a slow one only that nothing is lost can be
  // asked.
  front: { ...servers, slow: always },
  back: { ...servers, hang: unnoticed },
  // One machine, without which back goes on: messages have no intent then.
  "machine-learning": { ...servers, process: unnoticed, power: unnoticed },
  // One machine, and no other has its data: that nothing is lost is all that can be asked. Without it (power, disk)
  // everything is lost, and a full disk is not imitated well enough for a database.
  data: { process: always, freeze: always, link: always, slow: always },
  "back-balancer": { ...servers, process: unnoticed, power: unnoticed, slow: always },
  "reverse-proxy": { process: bounded, power: bounded, freeze: bounded, link: bounded, full: bounded, slow: always },
};

/** What a service kept open it could write to also on the imitated full disk; so it is killed, and must come back. */
const suffered = (fault: FaultName): FaultName[] => (fault === "full" ? ["full", "process"] : [fault]);

const titles: Record<FaultName, string> = {
  process: "its service is killed",
  power: "its host is lost",
  disk: "it loses its disk",
  freeze: "it stands still",
  hang: "its guest hangs, and is reset after a while where nobody replaces it",
  link: "its link is cut",
  full: "its disk is full and its service is killed",
  slow: "its link carries 1 Mbit/s",
};

const losses = Object.entries(broken).flatMap(([tier, goals]) =>
  Object.entries(goals).map(([name, wanted]): Scenario => {
    const fault: Fault = faults[name as FaultName];
    return {
      name: `${tier}-${name}`,
      title: `one ${tier} machine: ${titles[name as FaultName]}`,
      tier,
      silent: fault.silent ? (name === "hang" ? hung : lostHost) : undefined,
      disturb: breaking(suffered(name as FaultName), name === "hang" ? hangs : hold),
      ...(tier === "back" ? { calmAnswers: soonAsked } : {}),
      goals: wanted,
    };
  }),
);

export const scenarios: Scenario[] = [
  ...losses,
  {
    name: "back-reboot",
    title: "one back machine: its guest reboots, which is no illness",
    tier: "back",
    // Shorter than any grace period; that it is reported as Initializing afterwards is the machine's own matter.
    silent: () => ({ final: false, goals: [noneReplaced, servesAgainWithin(boot)] }),
    disturb: rebooting,
    goals: unnoticed,
  },
  {
    name: "reload-balancer",
    title: "HAProxy is reloaded each 100 ms, or as often as it can be, for a minute, on one balancer",
    tier: "back-balancer",
    disturb: reloading("back-balancer", "haproxy.service", "reload", 0.1, 60),
    goals: unnoticed,
  },
  {
    name: "reload-balancers",
    title: "HAProxy is reloaded each 100 ms, or as often as it can be, for a minute, on all balancers",
    disturb: reloading("back-balancer", "haproxy.service", "reload", 0.1, 60),
    goals: unnoticed,
  },
  {
    name: "reload-reverse-proxies",
    title: "nginx is reloaded each 100 ms for a minute, on all reverse proxies",
    disturb: reloading("reverse-proxy", "nginx.service", "HUP", 0.1, 60),
    goals: unnoticed,
  },
  {
    name: "change-front",
    title: "a changed variable is rolled out over the front servers, and back",
    disturb: changing("front", { js_kill_timeout: 16 }),
    managed: true,
    goals: unnoticed,
  },
  {
    name: "change-back",
    title: "a changed variable is rolled out over the back servers, and back",
    disturb: changing("back", { js_kill_timeout: 16 }),
    managed: true,
    calmAnswers: soonAsked,
    goals: unnoticed,
  },
  {
    name: "change-balancer",
    title: "a changed variable is rolled out over the balancers, and back",
    disturb: changing("balancer", { haproxy_server_timeout: 31 }),
    managed: true,
    goals: unnoticed,
  },
  {
    name: "change-reverse-proxy",
    title: "a changed variable is rolled out over the reverse proxies, and back",
    disturb: changing("reverse-proxy", { nginx_reverse_proxy_keepalive: 33 }),
    managed: true,
    goals: unnoticed,
  },
];
