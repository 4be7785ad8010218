/** `bin/inventory`: writes a stack's inventory, SSH configuration and host keys anew from what ARM tells. */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { connectAs } from "../azure/arm.ts";
import { machinesAsJson } from "./machines.ts";
import { paths } from "./paths.ts";
import { refresh } from "./refresh.ts";
import { ansible, configFileHelp, loginHelp, openStack } from "./stack.ts";

const help = `Usage: bin/inventory [options] <stack>

Writes ansible/inventory/<stack>.yml, .ssh_config and .known_hosts anew from what Azure has now, without Pulumi: the same
bytes that pulumi up wrote, where nothing has changed since. After a repair or a change by autoscale the files know the
machines that there are. Host keys come from the machines' serial consoles, else from their agents, by ARM.
Machines that have no host keys yet, since they are being made, are left out and told on standard error. Needs no secret
of the stack. Changes nothing in Azure.

  --json               print the machines as JSON in place of what was written:
                       {"stack", "environment", "machines": [{"name", "address", "kind", "tier", "applications": [...], "id"}],
                       "missing": [{"tier", "kind", "why"} of what is not in the files]}, sorted by name, the one for ssh -F
  --wait               wait until every scale set has its machines, and they have host keys; else the status is 1
  --timeout SECONDS    with --wait: how long, for machines and for their host keys each (1200)
  ${configFileHelp}

${loginHelp}
The login needs Reader on the environment's resource group, and there the actions
Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action, for machines whose console has lost their host keys
also Microsoft.Compute/virtualMachines/runCommand/action; Virtual Machine Contributor has both of these actions. An environment
without a public address is reached through the jump hosts of its entry: the same on that one's resource group.

Exit status: 0 the files are written; 1 they are not, or with --wait not all machines are in them; 2 wrong use.`;

class WrongUse extends Error {}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        wait: { type: "boolean", default: false },
        timeout: { type: "string" },
        "config-file": { type: "string" },
      },
    });
  } catch (error) {
    throw new WrongUse((error as Error).message, { cause: error });
  }
}

const tell = (text: string) => console.error(`bin/inventory: ${text}`);

async function main(): Promise<number> {
  const { values, positionals } = read();
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [stack, ...more] = positionals;
  if (stack === undefined || more.length > 0) throw new WrongUse(`given ${positionals.length} stacks, allowed is one`);
  const { wait, timeout = "1200" } = values;
  if (values.timeout !== undefined && !wait) throw new WrongUse("--timeout: given without --wait, allowed with it");
  if (!/^\d+$/.test(timeout)) throw new WrongUse(`--timeout: given ${timeout}, allowed is a whole number of seconds`);
  const { settings, entry } = await openStack(stack, values["config-file"]);
  const { plan, machines, missing } = await refresh(await connectAs(entry), settings, {
    ansible,
    endpoints: entry.endpoints,
    waitSeconds: wait ? Number(timeout) : 0,
    progress: tell,
  });
  for (const { why } of missing) tell(why);
  const { inventory } = paths(stack);
  console.log(
    values.json
      ? JSON.stringify(machinesAsJson(plan, machines, missing), null, 2)
      : `${relative(process.cwd(), `${ansible}/${inventory}`)}: ${machines.length} machines`,
  );
  return wait && missing.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isWrongUse = error instanceof WrongUse;
  tell(`${(error as Error).message}${isWrongUse ? "\nbin/inventory --help tells more" : ""}`);
  process.exitCode = isWrongUse ? 2 : 1;
}
