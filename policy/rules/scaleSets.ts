/** Machines. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import {
  at,
  isOneOrUnknown,
  isThere,
  items,
  mayBe,
  must,
  mustHave,
  mustMatch,
  mustNot,
  notYetKnown,
  show,
} from "../values.ts";

const profile = "virtualMachineProfile";
const health = { publisher: "Microsoft.ManagedServices", type: "ApplicationHealthLinux" };

const isHealth = (extension: unknown) =>
  mayBe(at(extension, "publisher"), health.publisher) && mayBe(at(extension, "type"), health.type);

const cards = (inputs: unknown) => items(inputs, `${profile}.networkProfile.networkInterfaceConfigurations`);

/** Minutes of a duration such as `PT10M`. */
const minutesOf = (duration: unknown) =>
  typeof duration === "string" ? Number(/^PT(\d+)M$/.exec(duration)?.[1] ?? Number.NaN) : undefined;

const about = (names: Pick<Rule, "name" | "asks" | "ids">, check: (inputs: unknown) => string[]): Rule => ({
  ...names,
  types: [types.scaleSet],
  check: ({ inputs }) => check(inputs),
});

export const rules: Rule[] = [
  about(
    {
      name: "scale-set-ssh-keys",
      asks: "People log in to machines by SSH keys only, and there is at least one",
      ids: [
        "Azure.VMSS.PublicKey",
        "Azure.VM.PublicKey",
        "CKV_AZURE_1",
        "CKV_AZURE_49",
        "CKV_AZURE_149",
        "CKV_AZURE_178",
        "AZU-0039",
      ],
    },
    (inputs) => {
      const os = `${profile}.osProfile`;
      const path = `${os}.linuxConfiguration.ssh.publicKeys`;
      const keys = items(inputs, path);
      return [
        ...must(inputs, `${os}.linuxConfiguration.disablePasswordAuthentication`, true),
        ...(at(inputs, os) !== notYetKnown && isThere(at(inputs, `${os}.adminPassword`))
          ? [`${os}.adminPassword: given one, allowed is none`]
          : []),
        ...mustNot(inputs, `${os}.windowsConfiguration`),
        ...(at(inputs, path) === notYetKnown || keys.length > 0
          ? []
          : [`${path}: given none, allowed is at least one`]),
        ...keys
          .map((key) => at(key, "keyData"))
          .filter(
            (data) => typeof data !== "symbol" && !/^(ssh-ed25519|ecdsa-sha2-\S+|ssh-rsa|sk-\S+) \S+/.test(show(data)),
          )
          .map(() => `${path}: given something else than the public key of an Ed25519, ECDSA or RSA pair`),
      ];
    },
  ),
  about(
    {
      name: "scale-set-health",
      asks: "A scale set asks its machines how they are, by the Application Health extension",
      ids: ["Azure.VMSS.AutoInstanceRepairs"],
    },
    (inputs) => {
      const path = `${profile}.extensionProfile.extensions`;
      if (at(inputs, path) === notYetKnown) return [];
      const extension = items(inputs, path).find(isHealth);
      if (extension === undefined)
        return [`${path}: given no extension of health, allowed is ${health.publisher} ${health.type}`];
      return [
        ...must(extension, "settings.protocol", "http", "https"),
        ...mustHave(extension, "settings.port", "the port of the health endpoint"),
        ...mustHave(extension, "settings.requestPath", "the path of the health endpoint"),
      ];
    },
  ),
  about(
    {
      name: "scale-set-repair",
      asks: "A machine that is not healthy is repaired, after 10 to 90 minutes",
      ids: ["Azure.VMSS.AutoInstanceRepairs"],
    },
    (inputs) => {
      const given = at(inputs, "automaticRepairsPolicy.gracePeriod");
      const minutes = minutesOf(given);
      return [
        ...must(inputs, "automaticRepairsPolicy.enabled", true),
        ...(minutes === undefined || (minutes >= 10 && minutes <= 90)
          ? []
          : [`automaticRepairsPolicy.gracePeriod: given ${show(given)}, allowed are PT10M to PT90M`]),
        ...must(inputs, "automaticRepairsPolicy.repairAction", "Replace", "Restart", "Reimage", undefined),
      ];
    },
  ),
  about(
    {
      name: "scale-set-extensions",
      asks: "Machines carry no extension but that of their health: a script in one would be code that nobody reviewed",
      ids: ["Azure.VMSS.ScriptExtensions", "Azure.VMSS.MigrateAMA", "CKV_AZURE_50"],
    },
    (inputs) => [
      ...items(inputs, `${profile}.extensionProfile.extensions`)
        .filter((each) => !isHealth(each))
        .map(
          (each) =>
            `${show(at(each, "name"))}: given ${show(at(each, "publisher"))} ${show(at(each, "type"))}, ` +
            `allowed is ${health.publisher} ${health.type}`,
        ),
      ...mustNot(inputs, `${profile}.applicationProfile.galleryApplications`),
    ],
  ),
  about(
    {
      name: "scale-set-identity",
      asks: "Machines are known to Azure by the one identity that is made for their group",
      ids: [],
    },
    (inputs) => {
      const given = at(inputs, "identity.userAssignedIdentities");
      return [
        ...must(inputs, "identity.type", "UserAssigned"),
        ...(isOneOrUnknown(given) ? [] : [`identity.userAssignedIdentities: given ${show(given)}, allowed is one`]),
      ];
    },
  ),
  about(
    { name: "scale-set-trusted-launch", asks: "Machines start by Secure Boot, with a virtual TPM", ids: [] },
    (inputs) => [
      ...must(inputs, `${profile}.securityProfile.securityType`, "TrustedLaunch", "ConfidentialVM"),
      ...must(inputs, `${profile}.securityProfile.uefiSettings.secureBootEnabled`, true),
      ...must(inputs, `${profile}.securityProfile.uefiSettings.vTpmEnabled`, true),
    ],
  ),
  about(
    {
      name: "scale-set-encryption-at-host",
      asks: "Machines' disks are encrypted on their hosts, too",
      ids: ["CKV_AZURE_97", "AZU-0038"],
    },
    (inputs) => must(inputs, `${profile}.securityProfile.encryptionAtHost`, true),
  ),
  about(
    {
      name: "scale-set-image",
      asks: "Machines are born from Debian's image of the second generation, in a version that is named",
      ids: [],
    },
    (inputs) => {
      const image = `${profile}.storageProfile.imageReference`;
      return [
        ...mustNot(inputs, `${image}.id`),
        ...mustNot(inputs, `${image}.communityGalleryImageId`),
        ...mustNot(inputs, `${image}.sharedGalleryImageId`),
        ...must(inputs, `${image}.publisher`, "Debian"),
        ...mustMatch(inputs, `${image}.sku`, /-gen2$/, "an image of the second generation"),
        ...mustMatch(inputs, `${image}.version`, /^\d+(\.\d+)+$/, "a version: a repair would bring another machine"),
      ];
    },
  ),
  about(
    {
      name: "scale-set-disks",
      asks: "Machines have managed disks, which go with them",
      ids: ["Azure.VM.UseManagedDisks", "CKV_AZURE_92"],
    },
    (inputs) => {
      const storage = `${profile}.storageProfile`;
      const dataDisks = items(inputs, `${storage}.dataDisks`).map((_, index) => `${storage}.dataDisks.${index}`);
      return [`${storage}.osDisk`, ...dataDisks].flatMap((disk) => [
        ...mustHave(inputs, `${disk}.managedDisk.storageAccountType`, "a type of managed disk"),
        ...must(inputs, `${disk}.deleteOption`, "Delete"),
        ...mustNot(inputs, `${disk}.vhdContainers`),
        ...mustNot(inputs, `${disk}.image`),
      ]);
    },
  ),
  about(
    {
      name: "scale-set-forwarding",
      asks: "Machines pass on no packets, and have no security group or names of their own beside their subnet's",
      ids: ["Azure.NIC.UniqueDns", "CKV_AZURE_118", "AZU-0075"],
    },
    (inputs) =>
      cards(inputs).flatMap((card) => [
        ...must(card, "enableIPForwarding", false, undefined),
        ...mustNot(card, "networkSecurityGroup"),
        ...mustNot(card, "dnsSettings.dnsServers"),
      ]),
  ),
  about(
    {
      name: "scale-set-subnet",
      asks: "Machines stand in a subnet of the environment, each with one address",
      ids: ["AZU-0068"],
    },
    (inputs) => {
      const path = `${profile}.networkProfile.networkInterfaceConfigurations`;
      if (at(inputs, path) === notYetKnown) return [];
      const configurations = cards(inputs).flatMap((card) => items(card, "ipConfigurations"));
      return [
        ...(cards(inputs).length === 1 && configurations.length <= 1
          ? []
          : [
              `${path}: given ${cards(inputs).length} with ${configurations.length} addresses, allowed is one with one`,
            ]),
        ...configurations.flatMap((each) => mustHave(each, "subnet.id", "the ID of a subnet")),
      ];
    },
  ),
  about(
    {
      name: "scale-set-orchestration",
      asks: "Scale sets are flexible ones that nobody but the program changes",
      ids: ["CKV_AZURE_95"],
    },
    (inputs) => [
      ...must(inputs, "orchestrationMode", "Flexible"),
      ...must(inputs, "upgradePolicy.mode", "Manual", undefined),
      ...must(inputs, "singlePlacementGroup", false),
    ],
  ),
  about(
    {
      name: "scale-set-farewell",
      asks: "A machine that is taken away is told beforehand, so that it answers what is under way",
      ids: [],
    },
    (inputs) => must(inputs, `${profile}.scheduledEventsProfile.terminateNotificationProfile.enable`, true),
  ),
  about(
    {
      name: "scale-set-diagnostics",
      asks: "Azure keeps the machines' serial log, by which their host keys are known, and in no account of somebody else",
      ids: [],
    },
    (inputs) => [
      ...must(inputs, `${profile}.diagnosticsProfile.bootDiagnostics.enabled`, true),
      ...mustNot(inputs, `${profile}.diagnosticsProfile.bootDiagnostics.storageUri`),
    ],
  ),
  about(
    {
      name: "scale-set-size",
      asks: "Machines have a Standard size that is neither Basic nor promotional, and are not taken away for others",
      ids: ["Azure.VM.BasicSku", "Azure.VM.PromoSku"],
    },
    (inputs) => [
      ...mustMatch(inputs, "sku.name", /^Standard_(?!.*_Promo$)/i, "Standard_... without _Promo at its end"),
      ...must(inputs, "sku.tier", "Standard", undefined),
      ...must(inputs, `${profile}.priority`, "Regular", undefined),
    ],
  ),
];
