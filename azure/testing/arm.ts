/** Answers of ARM for tests, of the shape that the official clients give. */

const group = "/subscriptions/0000/resourceGroups/rg-platform-test";

/** As the clients return lists. */
export async function* pages<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

export const scaleSetId = (name: string) => `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`;

export function scaleSet(name: string, capacity: number) {
  return { id: scaleSetId(name), name, sku: { capacity } };
}

const interfaceId = (suffix: string) => `${group}/providers/Microsoft.Network/networkInterfaces/nic-${suffix}`;

/** A member of a scale set, with one network interface. */
export function machine(set: string, suffix: string, computerName: string, provisioningState = "Succeeded") {
  return {
    name: `${set}_${suffix}`,
    vmId: `vmid-${suffix}`,
    provisioningState,
    // ARM spells the same ID in different cases.
    virtualMachineScaleSet: { id: scaleSetId(set).toUpperCase() },
    networkProfile: { networkInterfaces: [{ id: interfaceId(suffix).toUpperCase(), primary: true }] },
    osProfile: { computerName },
  };
}

export function networkInterface(suffix: string, privateIPAddress: string | undefined, poolIds: string[] = []) {
  const loadBalancerBackendAddressPools = poolIds.map((id) => ({ id }));
  return {
    ...{ id: interfaceId(suffix), name: `nic-${suffix}`, etag: `W/"${suffix}"` },
    ipConfigurations: [{ name: "primary", primary: true, privateIPAddress, loadBalancerBackendAddressPools }],
  };
}

/** A load balancer whose rules have these names, by their front-end ports. */
export function loadBalancer(name: string, rules: Record<number, string>, tags: Record<string, string>) {
  return {
    name,
    loadBalancingRules: Object.entries(rules).map(([port, rule]) => ({
      name: rule,
      frontendPort: Number(port),
      backendPort: Number(port),
    })),
    tags,
  };
}
