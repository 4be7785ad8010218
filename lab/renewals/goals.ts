/** What must come of the days: each goal says what was wanted and what came. Pure. */
import type { Verdict } from "../chaos/goals.ts";
import { daySeconds, refreshSeconds } from "./days.ts";
import { renewalsBetween, type Plan } from "./plan.ts";
import type { Done, RenewalsRecord, Stretch } from "./record.ts";

type Found = Pick<RenewalsRecord, "options" | "stretches" | "replacements" | "wipes" | "ends">;

/** Seconds in which a proxy has its files again: a refresh, and as much for a host that is slow. */
const wipedSeconds = 2 * refreshSeconds;

export function verdicts(plan: Plan, found: Found): Verdict[] {
  return [
    connected(found),
    replaced(plan, found),
    wiped(plan, found),
    away(plan, found),
    ...found.stretches.flatMap((stretch) => plan.hosts.flatMap((host) => renewed(plan, host, stretch))),
    ended(plan, found),
  ];
}

/** A handshake and an answer: a connection without an answer has failed, whatever the reason. */
function connected({ options: { rate }, stretches }: Found): Verdict {
  const sum = (of: (stretch: Stretch) => number) => stretches.reduce((all, stretch) => all + of(stretch), 0);
  const [requests, failed] = [sum((one) => one.requests), sum((one) => one.failed)];
  const least = Math.floor(0.9 * rate * daySeconds * sum(({ first, to }) => to - first));
  const [first] = stretches.flatMap(({ failures }) => failures);
  const reason = first ? ` (at ${first.at}: ${first.status || first.reason})` : "";
  return {
    goal: "no handshake failed, and no request after it",
    wanted: `0 failed of at least ${least}`,
    got: `${failed} of ${requests} failed${reason}`,
    met: failed === 0 && requests >= least && requests > 0,
  };
}

const whole = <T>(done: readonly Done<T>[]) => done.flatMap((one) => (one.trouble === undefined ? [one] : []));

function replaced(plan: Plan, { replacements }: Found): Verdict {
  const done = whole(replacements);
  const served = done.flatMap((one) => one.served);
  const wrong = served.filter(({ trouble }) => trouble !== undefined);
  const [first] = wrong;
  const count = plan.replacements.length;
  return {
    goal: "each new proxy had its certificates when it was in rotation",
    wanted: `${count} replaced, ${count * plan.hosts.length} certificates, each valid`,
    got:
      `${done.length} replaced, ${served.length} certificates, ${wrong.length} not valid` +
      (first ? ` (${first.host}: ${first.trouble})` : ""),
    met: done.length === count && served.length === count * plan.hosts.length && wrong.length === 0,
  };
}

function wiped(plan: Plan, { wipes }: Found): Verdict {
  const done = whole(wipes);
  const times = done.filter(({ vaultWasAway }) => !vaultWasAway).map(({ seconds = Infinity }) => seconds);
  const longest = Math.max(0, ...times);
  return {
    goal: "a proxy whose certificates are wiped has them again, where the vault is there",
    wanted: `${plan.wipes.length} wiped, each within ${wipedSeconds} s`,
    got: `${done.length} wiped, ${done.length - times.length} of them while the vault was away; the longest took ${longest.toFixed(1)} s`,
    met: done.length === plan.wipes.length && longest <= wipedSeconds,
  };
}

function away(plan: Plan, { stretches }: Found): Verdict {
  const seen = new Set(stretches.flatMap((stretch) => stretch.away));
  const text = (services: readonly string[]) => services.join(" and ") || "nothing";
  const wanted = plan.away.map(({ service }) => service);
  return {
    goal: "what was to be away was, and came back",
    wanted: text(plan.away.map(({ service, from, to }) => `the ${service} for ${to - from} days`)),
    got: text(wanted.filter((service) => seen.has(service))),
    met: wanted.every((service) => seen.has(service)),
  };
}

function renewed(plan: Plan, host: string, { first, from, to, hosts }: Stretch): Verdict[] {
  const { given = 0, ordered = 0, written } = hosts.find((one) => one.host === host) ?? {};
  const { least, most } = renewalsBetween(plan, host, { from, to });
  const days = `days ${first} to ${to.toFixed(0)}`;
  const wanted = least === most ? `${least + given}` : `${least + given} or ${most + given}`;
  const inTime = ordered >= least + given && ordered <= most + given;
  return [
    {
      goal: `one order for each renewal of ${host}, ${days}`,
      wanted: `${wanted}, ${given} of them made by hand`,
      got: `${ordered}`,
      met: inTime,
    },
    ...(written === undefined
      ? []
      : [
          {
            goal: `each order of ${host} is in the vault, ${days}`,
            wanted: `${ordered}`,
            got: `${written}`,
            met: written === ordered,
          },
        ]),
  ];
}

function ended(plan: Plan, { ends }: Found): Verdict {
  const wrong = ends.filter(({ serial, wanted }) => serial !== wanted);
  const [first] = wrong;
  return {
    goal: "every proxy has what the vault has, in the end",
    wanted: "all",
    got: first
      ? `${wrong.length} of ${ends.length} do not: ${first.proxy} for ${first.host}: ${first.trouble ?? first.serial}`
      : `${ends.length}`,
    met: wrong.length === 0 && ends.length >= plan.hosts.length,
  };
}
