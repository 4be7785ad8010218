/** POST .../virtualMachines/{name}/{action} */
import { z } from "zod";
import { quoted } from "../../shell.ts";
import type { WorldStatus } from "../../world.ts";
import type { Context } from "../context.ts";
import { badRequest, conflict } from "../errors.ts";
import { consoleUrl } from "../login/signedUrl.ts";
import { begin, end } from "../operations.ts";
import type { Resource } from "../resource.ts";
import type { Action, ActionResult } from "../resourceType.ts";
import { validate } from "../schema.ts";
import { machineStatus } from "./instanceView.ts";
import type { MachineBody } from "./machineSchema.ts";

type Machine = Resource<MachineBody>;
type MachineAction = Action<MachineBody>;

/** The answer of an action that takes time. */
const accepted = (operation: { name: string }): ActionResult => ({ status: 202, operation: operation.name });

/** Changes what the fabric makes of the machine, and waits until it has. */
const change =
  (kind: "start" | "stop", computed: (machine: Machine) => Partial<Resource["computed"]>) =>
  (machine: Machine, { store }: Context): ActionResult => {
    const changed = store.put({ ...machine, computed: { ...machine.computed, ...computed(machine) } }, true);
    return accepted(begin(store, kind, machine.key, { revision: changed.revision }));
  };

/** The lab gives nothing back, so that "deallocated" differs from "stopped" by its name only. */
const stop = (deallocated: boolean): ReturnType<typeof change> =>
  change("stop", () => ({ powered: false, deallocated }));

export const reimage = change("start", (machine) => ({
  powered: true,
  deallocated: false,
  generation: (machine.computed.generation ?? 1) + 1,
}));

export const restart = (machine: Machine, context: Context): ActionResult => {
  if (machine.computed.powered === false)
    throw conflict("OperationNotAllowed", "The operation requires the VM to be running (or set to run).");
  return switchOnAnew(machine, context);
};

function switchOnAnew(machine: Machine, { store, options }: Context): ActionResult {
  const operation = begin(store, "restart", machine.key);
  options.effects.restart(machine.key).then(
    // Switched on; the rest is a start.
    () => store.putOperation({ ...operation, kind: "start", revision: store.revision }),
    (error: Error) => end(store, operation, { code: "InternalExecutionError", message: error.message }),
  );
  return accepted(operation);
}

const switchOn = change("start", () => ({ powered: true, deallocated: false }));

/** A machine that ended though it shall run, such as one that shut itself down: the fabric would let it be. */
const hasEnded = (machine: Machine, status: WorldStatus | undefined): boolean =>
  machine.computed.powered !== false &&
  (status?.revision ?? -1) >= machine.revision &&
  ["stopped", "lost"].includes(machineStatus(machine, status)?.power ?? "");

const start = (machine: Machine, context: Context): ActionResult =>
  (hasEnded(machine, context.status()) ? switchOnAnew : switchOn)(machine, context);

const input = z.strictObject({
  commandId: z.string(),
  script: z.array(z.string()).optional(),
  parameters: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
});

const runCommand: MachineAction = (machine, { store, options }, body) => {
  const given = validate(input, body, "compute", "RunCommandInput");
  if (given.commandId.toLowerCase() !== "runshellscript") {
    throw badRequest(
      "InvalidParameter",
      `The entity was not found: commandId '${given.commandId}'. The lab runs RunShellScript.`,
      "commandId",
    );
  }
  if (machine.computed.powered === false)
    throw conflict("OperationNotAllowed", "The operation requires the VM to be running (or set to run).");
  const variables = (given.parameters ?? []).map(({ name, value }) => {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw badRequest(
        "InvalidParameter",
        `The parameter name '${name}' is not a shell variable's name.`,
        "parameters",
      );
    return `export ${name}=${quoted(value)}`;
  });
  const operation = begin(store, "run", machine.key);
  options.effects.run(machine.key, [...variables, ...(given.script ?? [])].join("\n")).then(
    ({ stdout, stderr }) => end(store, operation, undefined, runResult(stdout, stderr)),
    (error: Error) =>
      end(store, operation, {
        code: "VMAgentStatusCommunicationError",
        message: `VM '${machine.name}' has not reported status for VM agent or extensions: ${error.message}`,
      }),
  );
  return accepted(operation);
};

const runResult = (stdout: string, stderr: string): object => ({
  value: [
    {
      code: "ProvisioningState/succeeded",
      level: "Info",
      displayStatus: "Provisioning succeeded",
      message: `Enable succeeded: \n[stdout]\n${stdout}\n[stderr]\n${stderr}`,
    },
  ],
});

const retrieveBootDiagnosticsData: MachineAction = (machine, context: Context, _, query) => {
  if (!machine.body.properties.diagnosticsProfile?.bootDiagnostics?.enabled) {
    throw conflict(
      "OperationNotAllowed",
      `Boot diagnostics is not enabled on VM '${machine.name}': set diagnosticsProfile.bootDiagnostics.enabled.`,
    );
  }
  const minutes = Number(query.get("sasUriExpirationTimeInMinutes") ?? 120);
  if (!(minutes >= 1 && minutes <= 1440))
    throw badRequest(
      "InvalidParameter",
      `sasUriExpirationTimeInMinutes is 1-1440 (given: ${minutes}).`,
      "sasUriExpirationTimeInMinutes",
    );
  return { status: 200, body: { serialConsoleLogBlobUri: consoleUrl(machine.key, context, minutes) } };
};

export const machineActions: Record<string, MachineAction> = {
  start,
  poweroff: stop(false),
  deallocate: stop(true),
  restart,
  reimage,
  runcommand: runCommand,
  retrievebootdiagnosticsdata: retrieveBootDiagnosticsData,
};
