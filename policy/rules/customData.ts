/** First-boot data: every account of a machine can read it, and so can everybody who may read the scale set. */
import { gunzipSync } from "node:zlib";
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at } from "../values.ts";

/** What looks like a secret, whoever made it. */
const patterns: readonly [what: string, pattern: RegExp][] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/],
  ["a key of a storage account or bus", /\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}/],
  ["a signed address of a blob", /[?&]sig=[A-Za-z0-9%+/]{20,}/],
  ["a token of GitLab", /\bgl(?:pat|rt|dt|ptt|cbt|ft|soat)-[\w-]{20,}/],
  ["a token of GitHub", /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}/],
  ["a key of AWS", /\bAKIA[0-9A-Z]{16}\b/],
  ["a signed token", /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ["a login in an address", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@{}$'"]+:[^\s/@{}$'"]+@/],
  ["the hash of a password", /\$(?:1|5|6|y|2[aby])\$[./A-Za-z0-9$=,]{16,}/],
  // Not an expression of code, which goes on with a bracket or an operator.
  [
    "a password",
    /(?:^|[\s{,;"'])(?:[\w-]*[_-])?(?:password|passwd|pwd|client_?secret|access_?key|secret_?key|api_?key)["']?\s*[:=]\s*["']?(?![{$<%/]|\s|true\b|false\b|null\b|yes\b|no\b)[^\s"'{}$<>%()[\]]{8,}(?=["'\s,;]|$)(?!["']?[ \t]*[~|+])/im,
  ],
];

/** Deepest nesting of encodings: a file in base64, compressed, in a cloud-config in base64. */
const deepest = 4;
const longestText = 16 * 1024 * 1024;

/** A string with all that is encoded in it, made readable. */
function readable(text: string, depth = 0): string {
  if (depth === deepest) return text;
  const parts = [...text.matchAll(/[A-Za-z0-9+/]{20,}={0,2}/g)].map(([part]) => Buffer.from(part, "base64"));
  const inner = parts.map((bytes) => decompressed(bytes).toString("utf8")).filter(isText);
  return [text, ...inner.map((part) => readable(part, depth + 1))].join("\n");
}

function decompressed(bytes: Buffer): Buffer {
  try {
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: longestText }) : bytes;
  } catch {
    return bytes;
  }
}

const isText = (text: string) => !text.includes("�");

/** Shortest string that is taken for a secret: shorter ones stand everywhere. */
const shortest = 8;

/** Fields of a secret that are none: whose login it is, and where. */
const openFields = ["user", "username", "login", "name", "host", "port", "database"];

/** A secret, and where it is a JSON object its fields. */
function partsOf(value: string): string[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "object" && parsed !== null) {
      const fields = Object.entries(parsed).filter(([field]) => !openFields.includes(field.toLowerCase()));
      return [value, ...fields.map(([, part]) => part as unknown).filter((part) => typeof part === "string")];
    }
  } catch {
    // A string by itself.
  }
  return [value];
}

/** The program's own secrets, as they go by: machines are made after them, since they need the right to read them. */
const secrets = new Set<string>();

export const rules: Rule[] = [
  {
    name: "custom-data-secrets",
    asks: "There is no secret in a machine's custom data or in its extensions' open settings",
    ids: ["Azure.VMSS.ScriptExtensions", "CKV_AZURE_45", "AZU-0037"],
    types: [types.scaleSet, types.secret],
    check: ({ type, inputs }) => {
      if (type === types.secret) {
        const value = at(inputs, "properties.value");
        if (typeof value === "string") {
          partsOf(value)
            .filter(({ length }) => length >= shortest)
            .forEach((part) => secrets.add(part));
        }
        return [];
      }
      const profile = at(inputs, "virtualMachineProfile");
      return [
        ["osProfile.customData", at(profile, "osProfile.customData")] as const,
        ["userData", at(profile, "userData")] as const,
        ["extensionProfile", JSON.stringify(at(profile, "extensionProfile"), withoutProtected)] as const,
      ].flatMap(([path, value]) => (typeof value === "string" ? found(path, readable(value)) : []));
    },
  },
];

/** Protected settings are encrypted for the machine. */
const withoutProtected = (key: string, value: unknown) => (key === "protectedSettings" ? undefined : value);

function found(path: string, text: string): string[] {
  const known = [...secrets].some((secret) => text.includes(secret)) ? ["the value of a secret of the stack"] : [];
  const alike = patterns.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
  return [...known, ...alike].map((what) => `${path}: given ${what}, allowed is the name of a secret in the vault`);
}
