/** Whether routed hosts may go over from their legacy address to Azure's: no resolver, and no name server, is left behind. */
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../azure/arm.ts";
import { standingZone, type StandingZone } from "../azure/publicZone.ts";
import { questions } from "../azure/questions.ts";
import { ServerFailure } from "../dns/ask.ts";
import { differences } from "../dns/compare.ts";
import { resolverOf, serversOf } from "../dns/servers.ts";
import { movedHosts, readyAt, showMoment, switchedHosts } from "../dns/switches.ts";
import type { Plan } from "../environment/plan.ts";
import type { Stack } from "../environment/read.ts";
import type { PublicHost } from "../environment/zones/publicRecords.ts";
import { addressTypes, type RecordSet } from "../environment/zones/recordSet.ts";
import { firstOf, renderObstacles, type Obstacle } from "./obstacle.ts";

const path = "platform:environment.dns";

type Settings = Pick<Stack, "cloud" | "zoneFile" | "file">;

/**
 * What keeps hosts at their legacy address; nothing where none goes over. The way back is always open.
 *
 * @throws pulumi.RunError where Azure does not tell what stands.
 */
export async function switchObstacles({ cloud, zoneFile, file }: Settings, plan: Plan): Promise<string[]> {
  if (movedHosts(plan, zoneFile).length === 0) return [];
  let standing: StandingZone | undefined;
  try {
    standing = await standingZone(questions((await connect(cloud, {})).rest), plan);
  } catch (error) {
    throw new pulumi.RunError(
      `Azure does not tell the records of ${plan.domain}, so that nobody knows which hosts go over; nothing was changed.\n  ` +
        (error as Error).message,
    );
  }
  if (!standing) return [];
  const hosts = switchedHosts(plan, zoneFile, standing.sets);
  if (hosts.length === 0) return [];
  if (!plan.dns.legacy)
    await pulumi.log.warn(
      `${path}.legacy: given nothing, so that no old provider is asked, and no time is waited, before ` +
        `${firstOf(names(hosts), 5)} go to Azure; allowed, where nobody asks the old provider any more`,
    );
  const obstacles = [...timeObstacles(plan, hosts, new Date()), ...(await serverObstacles())];
  return obstacles.length > 0 ? [renderObstacles(file, obstacles)] : [];

  async function serverObstacles(): Promise<Obstacle[]> {
    const { legacy } = plan.dns;
    const found = await asked(async () => {
      const resolver = resolverOf();
      const [old, ours] = await Promise.all([
        serversOf(legacy?.nameServers ?? [], resolver),
        serversOf(standing?.nameServers ?? [], resolver),
      ]);
      return differences(plan.domain, [
        { servers: old, sets: zoneFile.sets },
        { servers: ours, sets: (standing?.sets ?? []).filter((set) => !isDelegation(set)) },
      ]);
    });
    if (typeof found === "string") return [obstacle(hosts, found)];
    const shown = found.map(
      ({ server, name, expected, found: is }) => `${name} at ${server} (${is} in place of ${expected})`,
    );
    return found.length === 0 ? [] : [obstacle(hosts, `differences: ${firstOf(shown, 5)}`)];
  }

  /** The program's own: the old provider may have anything of another environment's name, as `bin/zone compare` says. */
  function isDelegation({ name, type }: RecordSet): boolean {
    const isHere = (sets: readonly { name: string }[]) => sets.some((one) => one.name === name);
    return type === "NS" && isHere(plan.subZones) && !isHere(zoneFile.sets);
  }

  function obstacle(switched: readonly PublicHost[], given: string): Obstacle {
    return {
      place: `${path}.target.${switched[0]?.host}`,
      given: `azure, and ${given}`,
      allowed: "a switch while every name server serves what the zone file says, and Azure's what stands there",
      change: `the zone file or the records, until bin/zone compare ${plan.stack} tells no difference; or legacy, in ${file}`,
    };
  }
}

const names = (hosts: readonly PublicHost[]) => hosts.map(({ host }) => host);

async function asked<T>(question: () => Promise<T>): Promise<T | string> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof ServerFailure) return error.message;
    throw error;
  }
}

/** What the times to live forbid yet. */
export function timeObstacles(plan: Pick<Plan, "dns">, hosts: readonly PublicHost[], now: Date): Obstacle[] {
  const { legacy, timeToLive } = plan.dns;
  const ready = readyAt(plan.dns);
  const first = `${path}.target.${hosts[0]?.host}`;
  const change = "wait, or legacy, in the stack's file";
  const early: Obstacle[] =
    ready === undefined
      ? [
          {
            place: `${path}.legacy.loweredAt`,
            given: "(nothing)",
            allowed: `the moment at which the old provider's time to live went from ${legacy?.timeToLive} to ${timeToLive} seconds`,
            change: `lower it there and in the zone file, then say when; ${legacy?.timeToLive} seconds later the switch is free`,
          },
        ]
      : now < ready
        ? [
            {
              place: first,
              given: `azure at ${showMoment(now)}, for ${firstOf(names(hosts), 5)}`,
              allowed: `azure from ${showMoment(ready)} on: until then resolvers may keep what they were told before loweredAt, ${legacy?.loweredAt}`,
              change,
            },
          ]
        : [];
  const long = hosts.flatMap(({ legacy: sets }) =>
    sets.filter(({ type, ttl }) => legacy && addressTypes.includes(type) && ttl > timeToLive),
  );
  return [
    ...early,
    ...(long.length === 0
      ? []
      : [
          {
            place: `${path}.zoneFile`,
            given: firstOf(
              long.map(({ name, type, ttl, line }) => `${ttl} seconds for ${type} of ${name} (line ${line})`),
              5,
            ),
            allowed: `${timeToLive} seconds at the most for a host that is switched (dns.timeToLive)`,
            change: "lower it at the old provider and in the zone file, and set dns.legacy.loweredAt",
          },
        ]),
  ];
}
