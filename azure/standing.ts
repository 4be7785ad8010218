/** What an environment has already, asked before anything is changed. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import type { StandingPorts } from "../environment/portMoves.ts";
import { standingPorts } from "./standingPorts.ts";
import { standingScaleSets, type StandingScaleSet } from "./standingScaleSets.ts";

export interface Standing {
  /** Scale sets by their names. */
  scaleSets: ReadonlyMap<string, StandingScaleSet>;
  /** Ports of the load balancers by the load balancers' names. */
  ports: ReadonlyMap<string, StandingPorts>;
}

/**
 * What stands in a resource group; nothing while there is no such group.
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function standingIn(cloud: Cloud, resourceGroup: string): Promise<Standing> {
  const [scaleSets, ports] = await Promise.all([
    orNothing("scale sets", resourceGroup, standingScaleSets(cloud, resourceGroup)),
    orNothing("load balancers", resourceGroup, standingPorts(cloud, resourceGroup)),
  ]);
  return { scaleSets, ports };
}

/** Where there is no such group, or the subscription is not registered for a kind of thing, none of them stands. */
async function orNothing<T>(
  what: string,
  resourceGroup: string,
  answer: Promise<ReadonlyMap<string, T>>,
): Promise<ReadonlyMap<string, T>> {
  try {
    return await answer;
  } catch (error) {
    const { statusCode, code, message } = error as Error & { statusCode?: number; code?: string };
    if (statusCode === 404 || (statusCode === 409 && code === "MissingSubscriptionRegistration")) return new Map();
    const words = [code, message].filter(Boolean).join(" ");
    throw new pulumi.RunError(
      `Azure does not tell the ${what} of ${resourceGroup}; nothing was changed.\n  ${words}\n` +
        "  Every run asks for them: this identity needs to read there, for example by the role Reader",
    );
  }
}
