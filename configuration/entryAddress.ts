/** Whether clients come in through an environment's entry, before anything is changed. */
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../azure/arm.ts";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";
import { publicHosts, type PublicPlan } from "../environment/zones/publicRecords.ts";
import type { ZoneFile } from "../environment/zones/zoneFile.ts";
import { renderObstacles } from "../preflight/obstacle.ts";
import { ifThere, wayThroughEntry } from "./wayIn.ts";

/** What Azure tells of an environment's entry. */
export interface Entrance {
  /** The entry's public address; undefined while there is no way in, or where the environment has an address of its own. */
  address: string | undefined;
  /** The address by which clients come in would be given back before there is another way. */
  obstacles: string[];
}

type Behind = PublicPlan & Pick<Plan, "stack" | "reverseProxy">;

/**
 * Whether an environment's entry leads to it. Asks nothing for one whose own public address has all its names; where names
 * go over to an entry that does not lead here, that is told.
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function entranceOf(cloud: Cloud, file: string, plan: Behind, zoneFile: ZoneFile): Promise<Entrance> {
  const { stack, reverseProxy } = plan;
  const { public: isPublic, entry } = reverseProxy;
  const aliases = entry ? publicHosts(plan, zoneFile).filter(({ target }) => target === "azure") : [];
  const none = { address: undefined, obstacles: [] };
  if (isPublic && aliases.length === 0) return none;
  const [group, name] = [resourceName("resourceGroup", stack), resourceName("publicAddress", stack)];
  try {
    const arm = await connect(cloud, {});
    const way = await wayThroughEntry(arm, plan);
    if (!("closed" in way)) return isPublic ? none : { ...none, address: way.jumps[0] };
    if (!(await ifThere(arm.network.publicIPAddresses.get(group, name)))) return none;
    const first = entry ? `pulumi up --stack ${entry.stack}` : "pulumi up of the entry";
    if (isPublic) {
      const hosts = aliases.map(({ host }) => host).join(", ");
      await pulumi.log.warn(
        `${hosts}: the names lead to the entry, which does not lead here: ${way.closed}. ${first} goes first`,
      );
      return none;
    }
    const obstacle = {
      place: "platform:environment.reverseProxy.public",
      given: `false, while clients come in at ${name} alone: ${way.closed}`,
      allowed: "true, until the entry leads here: an address that was given back is another one when it comes back",
      change: `public: true in ${file}, then ${first} (docs/environments.md)`,
    };
    return { ...none, obstacles: [renderObstacles(file, [obstacle])] };
  } catch (error) {
    throw new pulumi.RunError(
      `Azure does not tell whether there is a way in through the entry of stack ${stack}; nothing was changed.\n` +
        `  ${(error as Error).message}`,
    );
  }
}
