/** What a stack file may say of its reverse proxy: the hosts, other environments, TLS and limits. */
import { z } from "zod";
import { dnsName, environmentName, machineFields, routeHost, unique, wholeNumber } from "./fields.ts";
import { parseLegacy } from "./hostNames.ts";

const legacyText =
  "https://host or http://host, with a port or without one, where host is a DNS name with a dot or, for http, an IPv4 " +
  "address: https://www.old.example:8443";

const route = z
  .strictObject({
    host: routeHost.describe(
      "Host name that clients ask for; *.example.org stands for all names of one label more. Exact names go first",
    ),
    tier: z.string().optional().describe("Tier that answers"),
    legacy: z
      .string({ error: legacyText })
      .refine((value) => parseLegacy(value) !== undefined, { error: legacyText })
      .optional()
      .describe(
        "Address of the service while it has not been moved: https://host, whose certificate is checked, or http://host",
      ),
    share: wholeNumber(0, 100)
      .optional()
      .describe(
        "Percent of the clients that the tier gets while `legacy` is there too. Each client stays on its side. Default: 0",
      ),
  })
  .meta({
    description: "A host name and what answers it: a tier, or a legacy address, or both with a share",
    anyOf: [{ required: ["tier"] }, { required: ["legacy"] }],
  });

export const forwardSchema = z
  .strictObject({
    domain: dnsName.describe("Domain that goes to the other environment, with every name below it"),
    environment: environmentName.describe("Name of that environment, which names this one as its `entry`"),
  })
  .describe("A domain that another environment serves, over a peering of the networks that this stack makes");

/** Directories of Let's Encrypt: https://letsencrypt.org/docs/acme-protocol-updates/, https://letsencrypt.org/docs/staging-environment/ */
export const acmeDirectories = {
  "lets-encrypt": "https://acme-v02.api.letsencrypt.org/directory",
  "lets-encrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
} as const;

/** The address of a directory that is given by name or by address. */
export const directoryUrl = (directory: string): string =>
  (acmeDirectories as Record<string, string>)[directory] ?? directory;

const directoryText = `${Object.keys(acmeDirectories).join(", ")}, or the https:// address of a directory`;

const acme = z
  .strictObject({
    directory: z
      .string({ error: directoryText })
      .refine((value) => value in acmeDirectories || /^https:\/\/[^\s]+$/.test(value), { error: directoryText })
      .default("lets-encrypt")
      .describe(`The certificate authority: ${directoryText}`),
    contact: z.email().optional().describe("Address that the authority may write to"),
    profile: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/i, { error: "the name of a profile, for example classic or shortlived" })
      .optional()
      .describe("Profile of the certificates, as the authority names it. Default: the authority's own"),
    challenge: z
      .enum(["http-01", "dns-01"])
      .default("http-01")
      .describe(
        "How the authority sees that a host is ours: http-01 by a request to it, dns-01 by a TXT record in the " +
          "environment's public zone. Wildcards have dns-01 always",
      ),
  })
  .describe("Certificates that an authority gives by ACME (RFC 8555)");

const tls = z
  .strictObject({
    acme: acme.optional(),
    given: z
      .array(routeHost)
      .default([])
      .meta({
        description:
          "Hosts whose certificates people put into the vault, each as a secret of its own (docs/certificates.md). " +
          "Others have one by ACME, or a self-signed one where `acme` is not there",
        ...unique,
      }),
    redirect: z
      .boolean()
      .default(true)
      .describe("Send http:// on to https://, once the host has a certificate that is not self-signed"),
    strictTransportSecurity: wholeNumber(0, 63_072_000)
      .default(0)
      .describe("Seconds for which browsers ask by https:// only (HSTS); 0: they are not told"),
  })
  .describe("HTTPS: certificates and what clients are told");

const clientLimit = z
  .strictObject({
    requestsPerSecond: wholeNumber(1, 100_000).describe("Requests of one address in a second, in the long run"),
    burst: wholeNumber(0, 100_000).default(50).describe("Requests besides, at a time"),
  })
  .describe("What one client may ask for; what is more gets 429");

const common = { ...machineFields, instances: machineFields.instances.default(2) };

/** The value of `platform:environment.reverseProxy`. */
export const reverseProxySchema = z
  .strictObject({
    ...common,
    entry: environmentName
      .optional()
      .describe(
        "Name of the environment whose reverse proxies forward to these: it names this one in `forwards`. They believe " +
          "what those say of a client",
      ),
    public: z
      .boolean()
      .optional()
      .describe("A public address of its own. Default: yes where there is no `entry`, else no"),
    routes: z.array(route).default([]),
    forwards: z.array(forwardSchema).default([]),
    tls: tls.prefault({}),
    clientLimit: clientLimit.optional(),
  })
  .describe("The way in: nginx machines behind the environment's one public address, or behind another environment's");

export type Route = z.output<typeof route>;
export type Forward = z.output<typeof forwardSchema>;
export type Tls = z.output<typeof tls>;
export type ReverseProxySettings = z.output<typeof reverseProxySchema>;
