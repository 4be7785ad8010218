/** What environment variables set. */

/** Port of 127.0.0.1 on which the lab's ARM listens. */
export const armPort = Number(process.env.LAB_ARM_PORT ?? 8443);

/** A time in seconds, as text. */
export const duration = {
  allowed: "a number of seconds above 0",
  /** Undefined for what is not allowed. */
  parse: (text: string) => (Number(text) > 0 && Number(text) < Infinity ? Number(text) : undefined),
};

/** Length of a minute of Azure's other waits, such as those of terminate notices and of autoscale. */
export const secondsPerMinute = seconds("LAB_MINUTE", 6);
/** Time in which a machine must have booted, from its first attempt on; on Azure 40 minutes, 90 with extensions. */
export const provisioningSeconds = seconds("LAB_PROVISIONING", 180);

function seconds(variable: string, standard: number): number {
  const given = process.env[variable];
  const value = given === undefined ? standard : duration.parse(given);
  if (value === undefined) throw new Error(`${variable}: given "${given}", allowed is ${duration.allowed}`);
  return value;
}
