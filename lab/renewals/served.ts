/** Which certificate a server has for a host, as a client sees it that believes given authorities. */
import { X509Certificate } from "node:crypto";
import { run } from "../commands.ts";
import type { Served } from "./tools.ts";

/**
 * Asks for one handshake.
 *
 * @param server Address and port.
 * @param authorities File with the authorities that are believed.
 * @param within What stands before the command, such as `ip netns exec <namespace>`.
 */
export async function served(
  server: string,
  host: string,
  authorities: string,
  within: readonly string[] = [],
): Promise<Served> {
  const asked = ["openssl", "s_client", "-connect", server, "-servername", host, "-CAfile", authorities];
  const verified = ["-verify_return_error", "-verify_hostname", host];
  const { status, stdout, output } = await run([...within, ...asked, ...verified], { seconds: 10, apart: true });
  const serial = serialIn(stdout);
  if (status === 0 && serial !== "") return { host, serial };
  const why = /^.*(?:error|refused|alert).*$/im.exec(output)?.[0] ?? `status ${status}`;
  return { host, trouble: why.trim().slice(0, 200) };
}

/** Serial number of the first certificate of a PEM; empty where there is none. */
export function serialIn(pem: string): string {
  const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(pem)?.[0];
  return certificate === undefined ? "" : new X509Certificate(certificate).serialNumber;
}
