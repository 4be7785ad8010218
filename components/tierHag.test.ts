import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { publicKey } from "../environment/testing/stacks.ts";
import { Recorder, valueOf } from "./testing/recorder.ts";
import { common, subnetId, tier } from "./testing/stack.ts";
import { TierHAG, type TierHAGArgs } from "./tierHag.ts";

type Change = { [Name in keyof TierHAGArgs]?: Exclude<TierHAGArgs[Name], undefined> };

async function build(change: Change = {}) {
  const recorder = await Recorder.start();
  const group = new TierHAG("front", {
    ...common,
    machines: tier("front").machines,
    subnetId,
    poolIds: ["/pool"],
    customData: "Y2xvdWQ=",
    ...change,
  });
  const [urn, [scaleSetId]] = await Promise.all([valueOf(group.urn), valueOf(pulumi.all(group.scaleSetIds))]);
  await recorder.settle();
  return { recorder, urn, scaleSetId, scaleSet: recorder.one("azure-native:compute:VirtualMachineScaleSet") };
}

type Json = Record<string, unknown>;
const profileOf = (inputs: Json) => inputs["virtualMachineProfile"] as Record<string, Json>;

test("a group is one Flexible scale set over the zones, with one fault domain, upgraded by hand", async () => {
  const { recorder, urn, scaleSet, scaleSetId } = await build();
  expect(urn).toContain("platform:components:TierHAG::front");
  expect(recorder.children("front")).toEqual(["azure-native:compute:VirtualMachineScaleSet front-vmss"]);
  expect(scaleSet.inputs).toMatchObject({
    vmScaleSetName: "vmss-platform-test-front",
    orchestrationMode: "Flexible",
    platformFaultDomainCount: 1,
    singlePlacementGroup: false,
    zones: ["1", "2", "3"],
    zoneBalance: false,
    sku: { name: "Standard_B2als_v2", tier: "Standard", capacity: 2 },
    upgradePolicy: { mode: "Manual" },
    tags: { environment: "development", tier: "front", "managed-by": "pulumi" },
  });
  expect(scaleSetId).toMatch(/virtualMachineScaleSets\/vmss-platform-test-front$/);
});

test("a member that is unhealthy for the grace period is repaired as configured", async () => {
  const repair = { gracePeriod: "PT30M", action: "Restart" as const };
  const { scaleSet } = await build({ machines: { ...tier("front").machines, repair } });
  expect(scaleSet.inputs["automaticRepairsPolicy"]).toEqual({
    enabled: true,
    gracePeriod: "PT30M",
    repairAction: "Restart",
  });
  expect(profileOf(scaleSet.inputs)["extensionProfile"]).toEqual({
    extensions: [
      {
        name: "health",
        publisher: "Microsoft.ManagedServices",
        type: "ApplicationHealthLinux",
        typeHandlerVersion: "2.0",
        autoUpgradeMinorVersion: true,
        settings: {
          protocol: "http",
          port: 8999,
          requestPath: "/state",
          intervalInSeconds: 5,
          numberOfProbes: 2,
          gracePeriod: 1800,
        },
      },
    ],
  });
});

test("machines run Debian 13, take SSH keys only, and configure themselves from custom data", async () => {
  const { scaleSet } = await build();
  const profile = profileOf(scaleSet.inputs);
  expect(profile["storageProfile"]).toMatchObject({
    imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "0.20260909.2596" },
    osDisk: { createOption: "FromImage", deleteOption: "Delete" },
  });
  expect(profile["osProfile"]).toEqual({
    computerNamePrefix: "front",
    adminUsername: "platform",
    customData: "Y2xvdWQ=",
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: "/home/platform/.ssh/authorized_keys", keyData: publicKey }] },
    },
  });
  expect(profile["diagnosticsProfile"]).toEqual({ bootDiagnostics: { enabled: true } });
});

/** The security profile of a group with these settings. */
async function security(settings: Partial<Pick<MachineGroup, "trustedLaunch" | "encryptionAtHost">>) {
  const { scaleSet } = await build({ machines: { ...tier("front").machines, ...settings } });
  return profileOf(scaleSet.inputs)["securityProfile"];
}

test("Trusted Launch is Secure Boot and a virtual TPM; without it a machine is as Azure makes it", async () => {
  const uefiSettings = { secureBootEnabled: true, vTpmEnabled: true };
  expect(await security({ trustedLaunch: true })).toEqual({ securityType: "TrustedLaunch", uefiSettings });
  expect(await security({ trustedLaunch: false })).toBeUndefined();
  expect(await security({ trustedLaunch: false, encryptionAtHost: true })).toEqual({ encryptionAtHost: true });
  expect(await security({ trustedLaunch: true, encryptionAtHost: true })).toEqual({
    securityType: "TrustedLaunch",
    uefiSettings,
    encryptionAtHost: true,
  });
});

test("a size without accelerated networking is asked for none", async () => {
  const { scaleSet } = await build({ machines: { ...tier("front").machines, acceleratedNetworking: false } });
  expect(profileOf(scaleSet.inputs)["networkProfile"]).toMatchObject({
    networkInterfaceConfigurations: [{ enableAcceleratedNetworking: false }],
  });
});

test("a member that is taken away has five minutes to answer what is under way", async () => {
  const { scaleSet } = await build();
  expect(profileOf(scaleSet.inputs)["scheduledEventsProfile"]).toEqual({
    terminateNotificationProfile: { enable: true, notBeforeTimeout: "PT5M" },
  });
});

test("network interfaces stand in the tier's subnet, join its pool and have no public address", async () => {
  const { scaleSet } = await build();
  expect(profileOf(scaleSet.inputs)["networkProfile"]).toEqual({
    networkApiVersion: "2022-11-01",
    networkInterfaceConfigurations: [
      {
        name: "nic-platform-test-front",
        primary: true,
        deleteOption: "Delete",
        enableAcceleratedNetworking: true,
        ipConfigurations: [
          {
            name: "primary",
            primary: true,
            privateIPAddressVersion: "IPv4",
            subnet: { id: subnetId },
            loadBalancerBackendAddressPools: [{ id: "/pool" }],
          },
        ],
      },
    ],
  });
});

test("without autoscale the number of machines is the stack's", async () => {
  const { scaleSet } = await build();
  expect(scaleSet.inputs["sku"]).toMatchObject({ capacity: 2 });
});

test("with autoscale the number of machines is Azure's, between the limits and by CPU", async () => {
  const autoscale = { minimum: 2, maximum: 5, scaleOutAbove: 70, scaleInBelow: 30 };
  const { recorder, scaleSet, scaleSetId } = await build({
    machines: { ...tier("front").machines, autoscale },
    capacity: 4,
  });
  expect(scaleSet.inputs["sku"]).toMatchObject({ capacity: 4 });
  const setting = recorder.one("azure-native:monitor:AutoscaleSetting", "front-autoscale");
  expect(setting.parent).toBe("front");
  expect(setting.inputs).toMatchObject({
    enabled: true,
    targetResourceUri: scaleSetId,
    profiles: [
      {
        capacity: { minimum: "2", maximum: "5", default: "2" },
        rules: [
          {
            metricTrigger: {
              metricName: "Percentage CPU",
              metricResourceUri: scaleSetId,
              operator: "GreaterThan",
              threshold: 70,
            },
            scaleAction: { direction: "Increase", type: "ChangeCount", value: "1", cooldown: "PT5M" },
          },
          { metricTrigger: { operator: "LessThan", threshold: 30 }, scaleAction: { direction: "Decrease" } },
        ],
      },
    ],
  });
});

const inZones = (zones: string[]) => ({
  machines: { ...tier("front").machines, scaleSets: [{ name: "front", instances: 2, zones }] },
});

test("with one zone there is no balance between zones to ask for", async () => {
  const { scaleSet } = await build(inZones(["2"]));
  expect(scaleSet.inputs["zones"]).toEqual(["2"]);
  expect(scaleSet.inputs).not.toHaveProperty("zoneBalance");
  expect((await build(inZones(["1", "2"]))).scaleSet.inputs["zoneBalance"]).toBe(false);
});

test("where a region has no zones, none are asked for", async () => {
  const { scaleSet } = await build(inZones([]));
  expect(scaleSet.inputs).not.toHaveProperty("zones");
  expect(scaleSet.inputs).not.toHaveProperty("zoneBalance");
});

test("machines have the identity of their group, and no other", async () => {
  const { scaleSet } = await build();
  expect(scaleSet.inputs["identity"]).toEqual({ type: "UserAssigned", userAssignedIdentities: [common.identityId] });
});

test("no machine is made while its custom data is not known", async () => {
  const recorder = await Recorder.start();
  const customData = pulumi.output(new Promise<string>(() => {}));
  new TierHAG("front", { ...common, machines: tier("front").machines, subnetId, poolIds: [], customData });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(recorder.resources.map(({ type }) => type)).not.toContain("azure-native:compute:VirtualMachineScaleSet");
});

test("a group of one scale set in each zone has them side by side, and tells the IDs of all", async () => {
  const recorder = await Recorder.start();
  const scaleSets = ["1", "2"].map((zone) => ({ name: `data-zone${zone}`, instances: 1, zones: [zone] }));
  const { machines } = tier("data");
  const group = new TierHAG("data", {
    ...common,
    machines: { ...machines, scaleSets },
    subnetId,
    poolIds: ["/pool"],
    customData: "Y2xvdWQ=",
  });
  const ids = await valueOf(pulumi.all(group.scaleSetIds));
  await recorder.settle();
  expect(ids.map((id) => id.split("/").at(-1))).toEqual([
    "vmss-platform-test-data-zone1",
    "vmss-platform-test-data-zone2",
  ]);
  const sets = recorder.resources.filter(({ type }) => type.endsWith(":VirtualMachineScaleSet"));
  expect(sets.map(({ name }) => name)).toEqual(["data-zone1-vmss", "data-zone2-vmss"]);
  expect(sets[1]?.inputs).toMatchObject({ zones: ["2"], sku: { capacity: 1 }, tags: { tier: "data" } });
  expect(profileOf(sets[1]?.inputs ?? {})["osProfile"]).toMatchObject({ computerNamePrefix: "data-zone2" });
  expect(group.nodes.scaleSets).toHaveLength(2);
});

test("wrong arguments are refused all at once, before anything is made", async () => {
  const recorder = await Recorder.start();
  const { machines } = tier("front");
  const scaleSets = [
    { name: "front", instances: 0, zones: [] },
    { name: "front", instances: 2, zones: [] },
    { name: "back", instances: 2, zones: [] },
  ];
  const make = () =>
    new TierHAG("front", {
      ...common,
      administrators: { ...common.administrators, sshKeys: [] },
      machines: { ...machines, scaleSets },
      subnetId,
      poolIds: [],
      capacity: 2,
      customData: "",
    });
  expect(make).toThrow(`arguments of TierHAG front; nothing was made
  machines.scaleSets: given front, front, back, allowed is a name of its own for each
  machines.scaleSets.front.instances: given 0, allowed is a whole number from 1 to 1000
  machines.scaleSets.back.name: given back, allowed is a name that begins with the group's, front
  machines.scaleSets: given 3, allowed is one beside autoscale or a capacity, which are those of one scale set
  administrators.sshKeys: given none, allowed is at least one SSH public key
  customData: given 0 bytes, allowed is base64 of 1 to 65535 bytes`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
