/**
 * What the loss of a machine behind one of Azure's load balancers costs, whatever the machines do. Pure.
 *
 * Until its probes have noticed, the load balancer gives the lost machine its share of new connections, and a client's
 * connection is not moved. The loss may come right after a probe that went well; then each of the probes that decide
 * waits for an answer until the next one is due. With a probe each 5 s of which two decide: 10 to 15 s.
 */

export interface Probing {
  /** Seconds between two probes. */
  interval: number;
  /** Probes in a row that decide. */
  threshold: number;
}

/** Seconds for which a lost machine gets new connections, at the longest. */
export function longestWindow({ interval, threshold }: Probing): number {
  return interval * (1 + threshold);
}

export interface Loss {
  /** New connections a second, to all machines together. */
  rate: number;
  /** Machines that share them, the lost one included. */
  members: number;
  probing: Probing;
  /** Milliseconds that a request takes: so long before the loss one may have begun that is lost with the machine. */
  latency: number;
}

/**
 * The most requests that fail without anybody's fault. The hash gives the lost machine its share on average; how many
 * it gets in one run is a Poisson number, of which one in 700 is more than three standard deviations above its mean.
 */
export function unavoidableFailures({ rate, members, probing, latency }: Loss): number {
  const mean = (rate / members) * (longestWindow(probing) + latency / 1000);
  return Math.ceil(mean + 3 * Math.sqrt(mean));
}
