/** The lab's side of the end-to-end test: where its stacks, its clients and its ARM are. */
import { succeed } from "../../e2e/command.ts";
import { armClients, type Environment } from "../../e2e/environment.ts";
import { resourceName } from "../../environment/names.ts";
import { authority } from "../authority.ts";
import { labCommand } from "../commands.ts";
import { deployer } from "../deployer.ts";

/** A stack in the lab. Whatever is asked of it is asked of the lab that runs then. */
export function labEnvironment(stack: string): Environment {
  return {
    stack,
    pulumi: [labCommand, "pulumi"],
    up: [labCommand, "up", stack],
    outside: [labCommand, "internet", "--"],
    arm: () => {
      const { credential, subscriptionId, options } = deployer();
      return armClients(credential, subscriptionId, options);
    },
    seconds: { healthy: 120, replaced: 180, unchanged: 10 },
  };
}

/** What a machine of dev has written to its serial console, as Azure hands it out. */
export async function consoleOf(machine: string): Promise<string> {
  const { compute } = labEnvironment("dev").arm();
  const group = resourceName("resourceGroup", "dev");
  const { serialConsoleLogBlobUri = "" } = await compute.virtualMachines.retrieveBootDiagnosticsData(group, machine);
  return (await succeed(["curl", "-sS", "--fail", "--cacert", authority().caFile, serialConsoleLogBlobUri])).stdout;
}
