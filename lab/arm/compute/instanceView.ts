/** What a virtual machine is doing, as Azure's instance view tells it. */
import type { MachineStatus, WorldStatus } from "../../world.ts";
import type { Context } from "../context.ts";
import type { Resource, State } from "../resource.ts";
import type { Store } from "../store.ts";
import { isHealth, isScript, scriptsOf, type Extension } from "./extensions.ts";
import type { MachineBody } from "./machineSchema.ts";

export const machineStatus = (machine: Resource, status: WorldStatus | undefined): MachineStatus | undefined =>
  status?.machines.find((one) => one.id === machine.key);

interface Status {
  code: string;
  level: "Info" | "Warning" | "Error";
  displayStatus: string;
  message?: string;
  time?: string;
}

const info = (code: string, displayStatus: string): Status => ({ code, level: "Info", displayStatus });

const provisioning: Record<string, Status> = {
  Creating: info("ProvisioningState/creating", "Creating"),
  Updating: info("ProvisioningState/updating", "Updating"),
  Succeeded: info("ProvisioningState/succeeded", "Provisioning succeeded"),
  Deleting: info("ProvisioningState/deleting", "Deleting"),
};

/** A machine that is started, stopped, restarted or reimaged is Updating. */
export function shownState(resource: Resource, store: Store): State {
  const isChanging = store
    .operations()
    .some(
      ({ resource: key, status, kind }) =>
        key === resource.key && status === "InProgress" && ["start", "stop", "restart"].includes(kind),
    );
  return resource.state === "Succeeded" && isChanging ? "Updating" : resource.state;
}

export function provisioningStatus(machine: Resource, store: Store): Status {
  if (machine.state !== "Failed") return provisioning[shownState(machine, store)]!;
  const { code = "InternalExecutionError", message = "" } = machine.error ?? {};
  return { code: `ProvisioningState/failed/${code}`, level: "Error", displayStatus: "Provisioning failed", message };
}

export function powerStatus(machine: Resource, seen: MachineStatus | undefined): Status {
  if (machine.computed.deallocated) return info("PowerState/deallocated", "VM deallocated");
  if (machine.computed.powered === false) return info("PowerState/stopped", "VM stopped");
  // A machine that lost its host was neither stopped nor shut down: Azure shows what it was asked for.
  if (seen?.power === "running" || seen?.power === "lost") return info("PowerState/running", "VM running");
  if (seen?.power === "stopped") return info("PowerState/stopped", "VM stopped");
  return info("PowerState/starting", "VM starting");
}

/** Azure has no word for health that nobody reports. */
const shownHealth = (seen: MachineStatus | undefined): string =>
  seen === undefined || seen.health === "None" || seen.health === "Missing" ? "Unknown" : seen.health;

/** `HealthState/healthy` and so on; undefined without an Application Health extension. */
export function healthStatus(machine: Resource<MachineBody>, seen: MachineStatus | undefined): Status | undefined {
  if (!machine.body.properties.extensions?.some(isHealth)) return undefined;
  const health = shownHealth(seen);
  const level = health === "Unhealthy" ? "Error" : health === "Unknown" ? "Warning" : "Info";
  return {
    code: `HealthState/${health.toLowerCase()}`,
    level,
    displayStatus:
      health === "Healthy"
        ? "The VM is reporting itself as healthy or is unknown"
        : `The VM is ${health.toLowerCase()}`,
  };
}

function extensionView(machine: Resource<MachineBody>, extension: Extension, seen: MachineStatus | undefined): object {
  const { type, publisher, typeHandlerVersion } = extension.properties;
  const head = { name: extension.name, type: `${publisher}.${type}`, typeHandlerVersion };
  if (isScript(extension)) {
    const script = scriptsOf(machine.key, [extension])[0]!;
    const result = seen?.scripts.find((one) => one.id === script.id && one.sequence === script.sequence);
    if (!result) return { ...head, statuses: [info("ProvisioningState/transitioning", "Transitioning")] };
    const failed = {
      code: `ProvisioningState/failed/${result.exitStatus}`,
      level: "Error",
      displayStatus: "Provisioning failed",
      message: result.stderr,
    };
    return { ...head, statuses: [result.exitStatus === 0 ? provisioning["Succeeded"]! : failed] };
  }
  const health = isHealth(extension) ? healthStatus(machine, seen) : undefined;
  const substatuses = health && [
    { code: `AppHealthStatus/${health.code.split("/")[1]}`, level: health.level, displayStatus: shownHealth(seen) },
  ];
  return {
    ...head,
    ...(substatuses && { substatuses }),
    statuses: [seen?.ready ? provisioning["Succeeded"]! : info("ProvisioningState/transitioning", "Transitioning")],
  };
}

export function instanceView(machine: Resource<MachineBody>, context: Context): object {
  const seen = machineStatus(machine, context.status());
  const health = healthStatus(machine, seen);
  const { properties } = machine.body;
  const agent = seen?.ready
    ? info("ProvisioningState/succeeded", "Ready")
    : { ...info("ProvisioningState/Unavailable", "Not Ready"), level: "Warning" };
  return {
    computerName: properties.osProfile.computerName,
    osName: "debian",
    osVersion: "13",
    hyperVGeneration: properties.storageProfile.imageReference.sku.endsWith("gen2") ? "V2" : "V1",
    vmAgent: { vmAgentVersion: "2.0", statuses: [agent], extensionHandlers: [] },
    disks: [{ name: properties.storageProfile.osDisk?.name, statuses: [provisioning["Succeeded"]] }],
    ...(properties.diagnosticsProfile?.bootDiagnostics?.enabled && { bootDiagnostics: {} }),
    ...(health && { vmHealth: { status: health } }),
    extensions: (properties.extensions ?? []).map((extension) => extensionView(machine, extension, seen)),
    statuses: [{ ...provisioningStatus(machine, context.store), time: machine.created }, powerStatus(machine, seen)],
  };
}
