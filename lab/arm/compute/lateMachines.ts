/** Machines that are not up in time: Azure's errors, each with the reason at its end that the lab has found. */
import type { WorldStatus } from "../../world.ts";
import type { ErrorBody } from "../errors.ts";
import type { Resource } from "../resource.ts";
import { machineStatus } from "./instanceView.ts";

const timedOut = "OSProvisioningTimedOut";

export const provisioningTimedOut = ({ name }: Resource, reason: string): ErrorBody => ({
  code: timedOut,
  message:
    `OS Provisioning for VM '${name}' did not finish in the allotted time. The VM may still finish provisioning ` +
    "successfully. Please check provisioning state later. For details on how to check current provisioning state of " +
    "Windows VMs, refer to https://aka.ms/WindowsVMLifecycle and Linux VMs, refer to " +
    `https://aka.ms/LinuxVMLifecycle. (lab: ${reason})`,
});

const startFailed = "VMStartTimedOut";

/** Of a machine that the fabric could not make or change; it tries that again. */
export const notStarted = ({ name }: Resource, reason: string): ErrorBody => ({
  code: startFailed,
  message: `VM '${name}' did not start: ${reason}`,
});

/** Of a machine that was provisioned before. */
export const startTimedOut = ({ name }: Resource, reason: string): ErrorBody => ({
  code: startFailed,
  message:
    `VM '${name}' did not start in the allotted time. The VM may still start successfully. Please check the power ` +
    `state later. (lab: ${reason})`,
});

/** Whether a machine that failed because it was not up has finished provisioning since. */
export const isProvisionedLate = (machine: Resource, status: WorldStatus): boolean =>
  [timedOut, startFailed].includes(machine.error?.code ?? "") &&
  !status.errors.some(({ id }) => id === machine.key) &&
  machineStatus(machine, status)?.ready === true;
