/** What is asked of dev about its certificates: clients believe them, and nothing is ordered without need. */
import { expect, test } from "vitest";
import { certificateSecret } from "../../environment/certificates.ts";
import { authority } from "../authority.ts";
import { eventually, on, outside, status } from "../commands.ts";
import { ordersSince } from "../fabric/acme/orderLog.ts";
import { stateDir } from "../paths.ts";
import { serialIn, served } from "../renewals/served.ts";
import { wiping } from "../renewals/wiping.ts";
import { devTools } from "./devTools.ts";
import { Vault } from "./vault.ts";

const hosts = ["api.dev.chatbot.example", "www.dev.chatbot.example"];
const [api = ""] = hosts;

/** `make renewals` does the same for 90 days. */
export function certificates(): void {
  let vault: Vault;

  const proxies = async () => (await status("dev")).machines.filter(({ tier }) => tier === "reverse-proxy");
  /** What all proxies have for a host, each once. */
  const servedFor = async (host: string): Promise<string[]> => {
    const found = await Promise.all(
      (await proxies()).map(({ namespace, address }) =>
        served(`${address}:443`, host, authority().caFile, ["ip", "netns", "exec", namespace]),
      ),
    );
    return [...new Set(found.map(({ serial, trouble }) => serial ?? trouble ?? ""))];
  };
  const inVault = async (host: string) => serialIn(await vault.get(certificateSecret(host)));

  test("clients outside believe each host's certificate, and speak HTTP/2", async () => {
    const what = "%{http_code} %{http_version} %{ssl_verify_result}";
    for (const host of hosts)
      await eventually(
        () => outside("curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", what, `https://${host}/`),
        ({ stdout }) => stdout === "200 2 0",
        // The first order waits until all proxies can answer the authority.
        240,
      );
    vault = await Vault.open("dev");
    for (const host of hosts) expect(await servedFor(host)).toEqual([await inVault(host)]);
  });

  test("a proxy whose certificates are wiped has the same ones again, and nothing is ordered", async () => {
    const began = Date.now();
    const before = await Promise.all(hosts.map(inVault));
    const [proxy] = await proxies();
    // In place of the timer.
    const look = "(sleep 1; systemctl start platform-certificates.service) >/dev/null 2>&1 &";
    const said = await devTools().sudo(proxy?.name ?? "", `${look}\n${wiping(hosts, 60)}`, 120);
    expect(said).toMatch(/^there again after /);
    const files = hosts.map((host) => `/etc/nginx/certificates/${host}.pem`);
    for (const [index, file] of files.entries()) {
      const { stdout } = await on(proxy?.name ?? "", "sudo", "openssl", "x509", "-in", file);
      expect(serialIn(stdout)).toBe(before[index]);
    }
    for (const [index, host] of hosts.entries()) expect(await servedFor(host)).toEqual([before[index]]);
    expect(ordersSince(stateDir, began)).toEqual([]);
    expect(await Promise.all(hosts.map(inVault))).toEqual(before);
  });

  test("a certificate that the vault has no more is ordered once, by one of the proxies, and all have it", async () => {
    const began = Date.now();
    const before = await inVault(api);
    const versions = async () => (await vault.versions(certificateSecret(api))).length;
    const count = await versions();
    await vault.set(certificateSecret(api), "renew");
    const look = async () => {
      const all = await proxies();
      await Promise.all(all.map(({ name }) => on(name, "sudo", "systemctl", "start", "platform-certificates.service")));
      return servedFor(api);
    };
    const isNew = (found: string[]) => found.length === 1 && found[0] !== before && /^[0-9A-F]+$/.test(found[0] ?? "");
    const found = await eventually(look, isNew, 90);
    expect(found).toEqual([await inVault(api)]);
    expect(ordersSince(stateDir, began)).toMatchObject([{ hosts: [api] }]);
    // What was written by hand, and the certificate.
    expect(await versions()).toBe(count + 2);
  });
}
