/** Names by the cloud adoption framework's abbreviations, which tell a person what a thing is. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { mustMatch } from "../values.ts";

/** Input with the name, and what it must look like. */
const names: Readonly<Record<string, readonly [input: string, pattern: RegExp]>> = {
  [types.resourceGroup]: ["resourceGroupName", /^rg-[a-z0-9-]{1,87}$/],
  [types.virtualNetwork]: ["virtualNetworkName", /^vnet-[a-z0-9-]{1,59}$/],
  [types.peering]: ["virtualNetworkPeeringName", /^peer-[a-z0-9-]{1,75}$/],
  [types.subnet]: ["subnetName", /^snet-[a-z0-9-]{1,75}$/],
  [types.securityGroup]: ["networkSecurityGroupName", /^nsg-[a-z0-9-]{1,76}$/],
  [types.natGateway]: ["natGatewayName", /^ng-[a-z0-9-]{1,77}$/],
  [types.publicAddress]: ["publicIpAddressName", /^pip-[a-z0-9-]{1,76}$/],
  [types.loadBalancer]: ["loadBalancerName", /^lb[ei]-[a-z0-9-]{1,76}$/],
  [types.scaleSet]: ["vmScaleSetName", /^vmss-[a-z0-9-]{1,59}$/],
  [types.autoscale]: ["autoscaleSettingName", /^as-[a-z0-9-]{1,257}$/],
  [types.identity]: ["resourceName", /^id-[a-z0-9-]{1,125}$/],
  [types.vault]: ["vaultName", /^[a-z](?:-?[a-z0-9]){2,23}$/],
  [types.secret]: ["secretName", /^[A-Za-z0-9-]{1,127}$/],
  [types.storageAccount]: ["accountName", /^[a-z0-9]{3,24}$/],
};

export const rules: Rule[] = [
  {
    name: "names",
    asks: "Names are written by the program, begin with the abbreviation of their type, and fit Azure's limits",
    ids: [
      ...["Azure.Group.Name", "Azure.Group.Naming", "Azure.VNET.Name", "Azure.VNET.Naming", "Azure.VNET.SubnetName"],
      ...["Azure.VNET.SubnetNaming", "Azure.NSG.Name", "Azure.NSG.Naming", "Azure.PublicIP.Name"],
      ...["Azure.PublicIP.Naming", "Azure.LB.Name", "Azure.LB.Naming", "Azure.VMSS.Name", "Azure.KeyVault.Name"],
      ...["Azure.KeyVault.SecretName", "Azure.Storage.Name", "CKV_AZURE_43"],
      "Azure.Identity.UserAssignedName",
    ],
    types: Object.keys(names),
    check: ({ type, inputs }) => {
      const [input = "", pattern = /^/] = names[type] ?? [];
      return mustMatch(inputs, input, pattern, `what matches ${pattern.source}`);
    },
  },
  {
    name: "computer-names",
    asks: "Machines' names are short enough for what Azure adds to them",
    ids: ["Azure.VMSS.ComputerName"],
    types: [types.scaleSet],
    check: ({ inputs }) =>
      mustMatch(
        inputs,
        "virtualMachineProfile.osProfile.computerNamePrefix",
        /^[a-z][a-z0-9-]{0,57}$/,
        "a lower-case letter, then up to 57 such letters, digits and hyphens",
      ),
  },
];
