/** Virtual machine extensions that the members of a scale set carry. */
import { healthPort, healthStatePath } from "../environment/flows.ts";

/**
 * Asks the machine's health endpoint from inside the machine; automatic repairs act on its verdict. A Flexible scale
 * set takes no other source of health.
 * https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
 */
export function healthExtension() {
  return {
    name: "health",
    publisher: "Microsoft.ManagedServices",
    type: "ApplicationHealthLinux",
    typeHandlerVersion: "2.0",
    autoUpgradeMinorVersion: true,
    settings: {
      protocol: "http",
      port: healthPort,
      requestPath: healthStatePath,
      intervalInSeconds: 5,
      numberOfProbes: 2,
      // A machine that is still configuring itself is Initializing, which is not repaired, rather than Unhealthy.
      gracePeriod: 1800,
    },
  };
}
