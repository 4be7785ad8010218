/** Records as zone files have them (RFC 1035, section 5): what a name server reads. */
import type { RecordBody, RecordType } from "./recordSchema.ts";

type Properties = Partial<RecordBody["properties"]>;

/** Azure's names are absolute, with the last period or without it. */
export const absolute = (name: string): string => `${name.replace(/\.$/, "")}.`;

/**
 * A string of a TXT record. Azure reads it by the escape rules of zone files: `A\B` is `AB`
 * (https://github.com/MicrosoftDocs/azure-docs/blob/05dd77a371a3e8c283d47080487c7d6a3070ea4a/articles/dns/dns-faq.yml).
 * Other characters than those of ASCII are written as the bytes of UTF-8, which is a guess.
 */
export function quoted(value: string): string {
  const escaped = value.replaceAll(/\\(\d{3})|\\?([\s\S])/gu, (_, byte: string | undefined, character = "") =>
    byte === undefined ? plain(character as string) : escape(Number(byte) % 256),
  );
  return `"${escaped}"`;
}

const plain = (character: string): string =>
  /[ !#-[\]-~]/.test(character) ? character : [...Buffer.from(character)].map(escape).join("");

const escape = (byte: number): string => `\\${String(byte).padStart(3, "0")}`;

/** The records of a set, each as one line of a zone file has it after the type. */
export const recordTexts: Record<RecordType, (properties: Properties) => string[]> = {
  A: ({ arecords = [] }) => arecords.map((one) => one.ipv4Address),
  AAAA: ({ aaaarecords = [] }) => aaaarecords.map((one) => one.ipv6Address),
  CNAME: ({ cnamerecord }) => (cnamerecord ? [absolute(cnamerecord.cname)] : []),
  TXT: ({ txtrecords = [] }) => txtrecords.map(({ value }) => value.map(quoted).join(" ")),
  MX: ({ mxrecords = [] }) => mxrecords.map((one) => `${one.preference} ${absolute(one.exchange)}`),
  SRV: ({ srvrecords = [] }) =>
    srvrecords.map((one) => `${one.priority} ${one.weight} ${one.port} ${absolute(one.target)}`),
  PTR: ({ ptrrecords = [] }) => ptrrecords.map((one) => absolute(one.ptrdname)),
  CAA: ({ caarecords = [] }) => caarecords.map((one) => `${one.flags} ${one.tag} ${quoted(one.value)}`),
  NS: ({ nsrecords = [] }) => nsrecords.map((one) => absolute(one.nsdname)),
  SOA: ({ soarecord }) =>
    soarecord
      ? [
          [
            absolute(soarecord.host ?? ""),
            absolute(soarecord.email ?? ""),
            soarecord.serialNumber,
            soarecord.refreshTime,
            soarecord.retryTime,
            soarecord.expireTime,
            soarecord.minimumTtl,
          ].join(" "),
        ]
      : [],
};
