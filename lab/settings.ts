/** What environment variables set. */

/** Port of 127.0.0.1 on which the lab's ARM listens. */
export const armPort = Number(process.env.LAB_ARM_PORT ?? 8443);
/** How long each scale set's grace period of automatic repairs lasts; on Azure it is 10-90 minutes. */
export const repairGraceSeconds = seconds("LAB_REPAIR_GRACE", 30);
/** How long a minute of Azure's other waits lasts, such as those of terminate notices and of autoscale. */
export const minuteSeconds = seconds("LAB_MINUTE", 6);

function seconds(variable: string, standard: number): number {
  const value = Number(process.env[variable] ?? standard);
  if (value > 0 && value < Infinity) return value;
  throw new Error(`${variable}: given "${process.env[variable]}", allowed is a number of seconds above 0`);
}
