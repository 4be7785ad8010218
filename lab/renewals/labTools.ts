/** What the suite does, in the lab. */
import { certificateSecret } from "../../environment/certificates.ts";
import { resourceName } from "../../environment/names.ts";
import type { Tools as ChaosTools } from "../chaos/tools.ts";
import { outside } from "../commands.ts";
import { labEnvironment } from "../e2e/target.ts";
import { Vault } from "../e2e/vault.ts";
import { acmeDirectory } from "../fabric/addresses.ts";
import { ordersSince } from "../fabric/acme/orderLog.ts";
import { keepSetting } from "../liveSettings.ts";
import { stateDir } from "../paths.ts";
import { Lack, until } from "../polling.ts";
import { vaultSuffix } from "../serviceNames.ts";
import { serialIn, served } from "./served.ts";
import type { Tools } from "./tools.ts";
import { wiping } from "./wiping.ts";

const tier = "reverse-proxy";
const httpsPort = 443;
/** Until the vault has what was ordered: two refreshes after an order from before, a refresh, the order. */
const issuedSeconds = 180;
const leavingSeconds = 30;
/** Exit status of curl. */
const connectionRefused = 7;

/**
 * @param lab The lab as other suites have it.
 * @param vaultName Of the stack.
 * @param authorities File with the authorities that clients believe.
 */
export async function labTools(
  stack: string,
  lab: Pick<ChaosTools, "clock" | "say" | "status" | "sudo" | "load">,
  vaultName: string,
  authorities: string,
): Promise<Tools> {
  const group = resourceName("resourceGroup", stack);
  const scaleSet = resourceName("scaleSet", stack, tier);
  const { compute } = labEnvironment(stack).arm();
  // Its token ends after an hour.
  const vault = () => Vault.open(stack, vaultName);
  const wanted = async () => {
    const found = (await lab.status()).groups.find((one) => one.tier === tier);
    if (!found) throw new Error(`stack ${stack} has no reverse proxies`);
    return found.wanted;
  };
  const ofFile = await wanted();
  const scale = (capacity: number) =>
    compute.virtualMachineScaleSets.update(group, scaleSet, { sku: { capacity } }).submitted();
  const proxies: Tools["proxies"] = async () => {
    const { machines, loadBalancers } = await lab.status();
    const all = machines.filter((one) => one.tier === tier);
    const up = loadBalancers
      .filter(({ port }) => port === httpsPort)
      .flatMap(({ members }) => members.filter(({ state }) => state === "up").map(({ machine }) => machine));
    return {
      names: all.map(({ name }) => name),
      inRotation: all.filter(({ name, state }) => up.includes(name) && state !== "terminating"),
    };
  };
  const serialFrom = async (open: Vault, host: string) => serialIn(await open.get(certificateSecret(host)));
  return {
    clock: lab.clock,
    say: lab.say,
    load: lab.load,
    proxies,
    set(service, isAway) {
      if (service === "vault") keepSetting(stateDir, "vault", isAway ? "away" : "whole");
      else keepSetting(stateDir, "acme", isAway ? "down" : "up");
    },
    async isAway(service) {
      const url = service === "vault" ? `https://${vaultName}.${vaultSuffix}/` : acmeDirectory;
      const { status } = await outside("curl", "-sS", "--output", "/dev/null", "--max-time", "10", url);
      return status === connectionRefused;
    },
    // As docs/certificates.md says.
    async reissue(host) {
      const open = await vault();
      await open.set(certificateSecret(host), "renew");
      const issued = async () => (await serialFrom(open, host)) || new Lack("the vault has what was written by hand");
      await until(`a certificate for ${host}`, issued, {
        timeoutSeconds: issuedSeconds,
        intervalSeconds: 1,
        clock: lab.clock,
      });
    },
    serial: async (host) => serialFrom(await vault(), host),
    async written(host, since) {
      const versions = await (await vault()).versions(certificateSecret(host));
      const isCertificate = ({ contentType }: (typeof versions)[number]) => contentType === "application/x-pem-file";
      return versions.filter((one) => isCertificate(one) && one.attributes.created * 1000 >= since).length;
    },
    ordered: (host, since) => ordersSince(stateDir, since).filter(({ hosts }) => hosts.includes(host)).length,
    served: ({ namespace, address }, host) =>
      served(`${address}:${httpsPort}`, host, authorities, ["ip", "netns", "exec", namespace]),
    grow: () => scale(ofFile + 1),
    async remove({ name }) {
      await compute.virtualMachines.delete(group, name).submitted();
      const leaves = async () => {
        const machine = (await lab.status()).machines.find((one) => one.name === name);
        return machine === undefined || machine.state === "terminating" || new Lack(`it is ${machine.state}`);
      };
      await until(`${name} leaves`, leaves, { timeoutSeconds: leavingSeconds, intervalSeconds: 0.5, clock: lab.clock });
    },
    async settle() {
      if ((await wanted()) !== ofFile) await scale(ofFile);
    },
    async wipe({ name }, hosts, seconds) {
      const said = await lab.sudo(name, wiping(hosts, seconds), seconds + 60);
      const after = /^there again after ([\d.]+)$/m.exec(said)?.[1];
      return after === undefined ? undefined : Number(after);
    },
  };
}
