import { expect, test } from "vitest";
import type { Arm } from "./arm.ts";
import { joinPools, type PoolMember } from "./memberPools.ts";
import { networkInterface } from "./testing/arm.ts";

const pool = (name: string) => `/subscriptions/0/loadBalancers/${name}/backendAddressPools/members`;
const wanted = [pool("lbe"), pool("lbi")];

const member = (name: string, poolIds: string[], asked = wanted): PoolMember => ({
  machine: { name, networkInterface: `nic-${name}`, poolIds },
  poolIds: asked,
});

/** ARM that has an interface for each name, and refuses updates of some. */
function arm(refused: Record<string, Error> = {}) {
  const updates: [name: string, pools: unknown, ifMatch: unknown][] = [];
  const networkInterfaces = {
    get: (_: string, name: string) => {
      const { ipConfigurations, ...others } = networkInterface(name.slice("nic-".length), "10.20.0.4", [pool("old")]);
      const secondary = { name: "secondary", primary: false, loadBalancerBackendAddressPools: [{ id: pool("other") }] };
      return Promise.resolve({ ...others, ipConfigurations: [secondary, ...ipConfigurations] });
    },
    createOrUpdate: (_: string, name: string, body: { ipConfigurations: object[] }, options: object) => {
      const pools = body.ipConfigurations.map(
        (each) => (each as { loadBalancerBackendAddressPools: unknown }).loadBalancerBackendAddressPools,
      );
      const { requestOptions } = options as { requestOptions: { headers: Record<string, string> } };
      updates.push([name, pools, requestOptions.headers["If-Match"]]);
      const error = refused[name.slice("nic-".length)];
      return error ? Promise.reject(error) : Promise.resolve({});
    },
  };
  return { updates, arm: { network: { networkInterfaces } } as unknown as Arm };
}

test("a machine is put into the pools of its group and out of others, and one that is in them is left alone", async () => {
  const { updates, arm: azure } = arm();
  const upper = [wanted[1]!.toUpperCase(), wanted[0]!];
  const { moved } = await joinPools(azure, "rg", [
    member("less", [pool("lbe")]),
    member("more", [...wanted, pool("old")]),
    member("has", upper),
    member("none", [pool("lbe")], []),
  ]);
  expect(moved).toEqual(["less", "more", "none"]);
  const others = [{ id: pool("other") }];
  const both = wanted.map((id) => ({ id }));
  expect(updates).toEqual([
    // Its other configurations stay as they are, and it is not made again where it went meanwhile.
    ["nic-less", [others, both], 'W/"less"'],
    ["nic-more", [others, both], 'W/"more"'],
    ["nic-none", [others, []], 'W/"none"'],
  ]);
});

test("a machine that was replaced meanwhile is not moved, and one on which Azure works does not stop the others", async () => {
  const failing = (statusCode: number) => Object.assign(new Error("no"), { statusCode });
  const { arm: azure } = arm({ gone: failing(404), repaired: failing(409), changed: failing(412) });
  const members = ["gone", "repaired", "changed", "well"].map((name) => member(name, []));
  expect(await joinPools(azure, "rg", members)).toEqual({ moved: ["well"], busy: ["repaired", "changed"] });
});

test("every machine that is refused its pools is named, with the rights that it takes", async () => {
  const refusal = Object.assign(new Error("does not have permission to perform action"), {
    code: "LinkedAuthorizationFailed",
  });
  const { arm: azure } = arm({ a: refusal });
  await expect(joinPools(azure, "rg", [member("a", []), member("b", [])])).rejects.toThrow(
    `Ansible did not run. It takes the rights Microsoft.Network/networkInterfaces/write, \
Microsoft.Network/virtualNetworks/subnets/join/action and Microsoft.Network/loadBalancers/backendAddressPools/join/action, \
for example by the role Contributor. Then run pulumi up again.
  a: LinkedAuthorizationFailed does not have permission to perform action`,
  );
});
