/** Where deployments of an application in an environment are kept, in the container of artifacts. Pure. */

export interface Place {
  /** Name of the environment in the stack file. */
  environment: string;
  application: string;
}

/** Beginning of the names of its blobs. */
export const folderOf = ({ environment, application }: Place) => `deployments/${environment}/${application}/`;

export const lockOf = (place: Place) => `${folderOf(place)}lock`;

/** @param at Instant at which the deployment began: ISO 8601, UTC; so names sort as instants do. */
export const recordOf = (place: Place, at: string) => `${folderOf(place)}${at}.json`;
