/** Where deployments are kept in the container of artifacts: records by application, locks by tier. Pure. */

export interface Place {
  /** Name of the environment in the stack file. */
  environment: string;
  application: string;
}

/** Machines behind one load balancer. */
export interface Tier {
  /** Name of the environment in the stack file. */
  environment: string;
  tier: string;
}

/** Of several applications on the same machines one is deployed at a time: each takes machines out of rotation. */
export const lockOf = ({ environment, tier }: Tier) => `locks/${environment}/${tier}`;

/** Beginning of the names of an application's records. */
export const folderOf = ({ environment, application }: Place) => `deployments/${environment}/${application}/`;

/** @param at Instant at which the deployment began: ISO 8601, UTC; so names sort as instants do. */
export const recordOf = (place: Place, at: string) => `${folderOf(place)}${at}.json`;
