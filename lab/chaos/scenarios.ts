/** The scenarios, as data: what is disturbed, how, and what must come of it. */
import { breaking, changing, reloading, type Disturb } from "./disturbances.ts";
import { faults, type Fault, type FaultName } from "./faults.ts";
import {
  becameWhole,
  ejectedWithin,
  loadWasKept,
  noMoreThanUnavoidable,
  noReadFailed,
  replacedWithin,
  writesWereKept,
  type Goal,
} from "./goals.ts";

export interface Scenario {
  name: string;
  /** What should happen, as a sentence. */
  title: string;
  /** Kind of machine of which one is broken. Absent: none in particular. */
  tier?: string;
  /** The broken machine does not come back. */
  final?: boolean;
  disturb: Disturb;
  /** Ansible is run: its inventory must have the machines of today. */
  managed?: boolean;
  goals: Goal[];
}

/** Seconds for which a machine stays broken that is mended then: longer than any load balancer needs to notice. */
const hold = 25;

const always = [loadWasKept, writesWereKept, becameWhole];
const unnoticed = [...always, noReadFailed];
const bounded = [...always, noMoreThanUnavoidable];

/** One of several servers: another one does what it cannot do. */
const servers: Partial<Record<FaultName, Goal[]>> = {
  process: [...unnoticed, ejectedWithin(1)],
  power: [...unnoticed, ejectedWithin(1), replacedWithin(60)],
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
  back: servers,
  // One machine, without which back goes on: messages have no intent then.
  "machine-learning": { ...servers, process: unnoticed, power: [...unnoticed, replacedWithin(60)] },
  // One machine, and no other has its data: that nothing is lost is all that can be asked. Without it (power, disk)
  // everything is lost, and a full disk is not imitated well enough for a database.
  data: { process: always, freeze: always, link: always, slow: always },
  "back-balancer": { ...servers, process: unnoticed, power: [...unnoticed, replacedWithin(60)], slow: always },
  "reverse-proxy": {
    process: bounded,
    power: [...bounded, replacedWithin(60)],
    freeze: bounded,
    link: bounded,
    full: bounded,
    slow: always,
  },
};

/** What a service kept open it could write to also on the imitated full disk; so it is killed, and must come back. */
const suffered = (fault: FaultName): FaultName[] => (fault === "full" ? ["full", "process"] : [fault]);

const titles: Record<FaultName, string> = {
  process: "its service is killed",
  power: "it loses its power",
  disk: "it loses its disk",
  freeze: "it stands still",
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
      final: fault.final,
      disturb: breaking(suffered(name as FaultName), hold),
      goals: wanted,
    };
  }),
);

export const scenarios: Scenario[] = [
  ...losses,
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
