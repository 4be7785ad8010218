/** What the suite does, in the lab. */
import { X509Certificate } from "node:crypto";
import { certificateSecret } from "../../environment/certificates.ts";
import { resourceName } from "../../environment/names.ts";
import type { Tools as ChaosTools } from "../chaos/tools.ts";
import { run } from "../commands.ts";
import { labEnvironment } from "../e2e/target.ts";
import { Vault } from "../e2e/vault.ts";
import { ordersSince } from "../fabric/acme/orderLog.ts";
import { keepSetting } from "../liveSettings.ts";
import { stateDir } from "../paths.ts";
import { Lack, until } from "../polling.ts";
import type { Served, Tools } from "./tools.ts";

const tier = "reverse-proxy";
const httpsPort = 443;
/** Until the vault has what was ordered: two refreshes after an order from before, a refresh, the order. */
const issuedSeconds = 180;
/** Azure gives a machine this long before it ends, and the lab some more. */
const goneSeconds = 240;

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
  const serial = async (host: string) => serialIn(await (await vault()).get(certificateSecret(host)));
  return {
    clock: lab.clock,
    say: lab.say,
    load: lab.load,
    proxies,
    set(service, isAway) {
      if (service === "vault") keepSetting(stateDir, "vault", isAway ? "away" : "whole");
      else keepSetting(stateDir, "acme", isAway ? "down" : "up");
    },
    // As docs/certificates.md says.
    async reissue(host) {
      await (await vault()).set(certificateSecret(host), "renew");
      const issued = async () => (await serial(host)) || new Lack("the vault has what was written by hand");
      await until(`a certificate for ${host}`, issued, {
        timeoutSeconds: issuedSeconds,
        intervalSeconds: 1,
        clock: lab.clock,
      });
    },
    serial,
    async written(host, since) {
      const versions = await (await vault()).versions(certificateSecret(host));
      const isCertificate = ({ contentType }: (typeof versions)[number]) => contentType === "application/x-pem-file";
      return versions.filter((one) => isCertificate(one) && one.attributes.created * 1000 >= since).length;
    },
    ordered: (host, since) => ordersSince(stateDir, since).filter(({ hosts }) => hosts.includes(host)).length,
    async served({ namespace, address }, host) {
      const within = ["ip", "netns", "exec", namespace, "openssl", "s_client"];
      const asked = ["-connect", `${address}:${httpsPort}`, "-servername", host, "-CAfile", authorities];
      const verified = ["-verify_return_error", "-verify_hostname", host];
      const { status, stdout, output } = await run([...within, ...asked, ...verified], { seconds: 10, apart: true });
      return servedBy(host, status, stdout, output);
    },
    grow: () => scale(ofFile + 1),
    async remove({ name }) {
      await compute.virtualMachines.delete(group, name).submitted();
      const gone = async () => !(await proxies()).names.includes(name) || new Lack("it is still there");
      await until(`the end of ${name}`, gone, { timeoutSeconds: goneSeconds, intervalSeconds: 1, clock: lab.clock });
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

/** Serial number of the first certificate of a PEM; empty where there is none. */
export function serialIn(pem: string): string {
  const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(pem)?.[0];
  return certificate === undefined ? "" : new X509Certificate(certificate).serialNumber;
}

/** By what `openssl s_client` said. */
export function servedBy(host: string, status: number | null, stdout: string, output: string): Served {
  const serial = serialIn(stdout);
  if (status === 0 && serial !== "") return { host, serial };
  const why = /^.*(?:error|refused|timed out).*$/im.exec(output)?.[0] ?? `status ${status}`;
  return { host, trouble: why.trim().slice(0, 200) };
}

/**
 * What `platform-certificates` has on a machine, certificates and the thumbprint that answers challenges among it, and what
 * it remembers (ansible/roles/certificates).
 */
export function wiping(hosts: readonly string[], seconds: number): string {
  const folder = "/etc/nginx/certificates";
  const files = hosts.map((host) => `${folder}/${host.replace("*", "any")}.pem`);
  const written = ["/etc/nginx/acme.conf", ...files].map((file) => `[ -s ${file} ]`).join(" && ");
  return [
    `rm -rf ${folder} /etc/nginx/acme.conf /run/platform-certificates.json /run/platform-certificates.lock`,
    "now() { date +%s%N | cut -c1-13; }",
    "began=$(now)",
    `while [ $(($(now) - began)) -lt ${seconds * 1000} ]`,
    `do if ${written}`,
    "then ms=$(($(now) - began)); printf 'there again after %d.%03d\\n' $((ms / 1000)) $((ms % 1000)); break; fi",
    "sleep 0.2; done",
  ].join("\n");
}
