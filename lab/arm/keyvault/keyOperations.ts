/** What can be asked of a vault's keys: the public part, and signatures. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, notInLab } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import type { Resource } from "../resource.ts";
import { signDigest } from "./ecdsa.ts";
import { keyId, keyName, type Key, type KeyBody } from "./keys.ts";
import { badParameter, forbidden } from "./refusals.ts";
import { recoveryLevelOf, vaultOrigin } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";
import { isVersion, type VaultOperation } from "./vaultOperation.ts";

type Vault = Resource<VaultBody>;

const uriOf = (vault: Vault, { name, body }: Key): string => `${vaultOrigin(vault)}/keys/${name}/${body.version}`;

/** The operation on a key that the request asks for. */
export function keyOperationOf(request: Request): VaultOperation {
  const { method, segments, path } = request;
  const [, name = "", third = "", ...more] = segments;
  const version = isVersion(third) ? third.toLowerCase() : undefined;
  const words = (version === undefined && third !== "" ? [third, ...more] : more).join("/").toLowerCase();
  const operation = name === "" ? undefined : operations[`${method} ${words}`.trim()];
  if (!operation)
    throw new ArmError(
      404,
      "NotImplementedByLab",
      `The lab's vaults tell keys, sign by them, and have no ${method} ${path}.`,
    );
  if (!keyName.pattern.test(name)) throw badParameter(`The request URI contains an invalid name: ${name}`);
  return {
    action: `Microsoft.KeyVault/vaults/keys/${operation.verb}`,
    object: `keys/${name}`,
    answer: (vault, context) => operation.answer(vault, found(vault, name, version, context), request, context),
  };
}

interface Operation {
  /** Of the data action that it needs. */
  verb: string;
  answer(vault: Vault, key: Key, request: Request, context: Context): Answer;
}

const operations: Record<string, Operation> = {
  GET: { verb: "read", answer: (vault, key) => ({ status: 200, body: bundleOf(vault, key) }) },
  // Of each key there is one.
  "GET versions": {
    verb: "read",
    answer: (vault, key) => {
      const { attributes, tags } = bundleOf(vault, key);
      return {
        status: 200,
        body: { value: [{ kid: uriOf(vault, key), attributes, ...(tags && { tags }) }], nextLink: null },
      };
    },
  },
  "POST sign": { verb: "sign/action", answer: sign },
};

function found(vault: Vault, name: string, version: string | undefined, { store }: Context): Key {
  const key = store.get<KeyBody>(keyId(vault, name));
  if (key && (version === undefined || version === key.body.version)) return key;
  const named = version === undefined ? name : `${name}/${version}`;
  throw new ArmError(
    404,
    "KeyNotFound",
    `A key with (name/id) ${named} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

function bundleOf(vault: Vault, key: Key) {
  const { jwk, keyOps, created, tags } = key.body;
  const { softDeleteRetentionInDays: recoverableDays } = vault.body.properties;
  return {
    key: { kid: uriOf(vault, key), kty: "EC", key_ops: keyOps, crv: "P-256", x: jwk.x, y: jwk.y },
    attributes: { enabled: true, created, updated: created, recoveryLevel: recoveryLevelOf(vault), recoverableDays },
    ...(tags && { tags }),
  };
}

/**
 * The curve that each algorithm needs.
 * https://learn.microsoft.com/azure/key-vault/keys/about-keys-details
 */
const curves: Record<string, string | undefined> = { ES256: "P-256", ES256K: "P-256K", ES384: "P-384", ES512: "P-521" };

const digestBytes = 32;

const signBody = z.object({ alg: z.string(), value: z.string() });

function sign(vault: Vault, key: Key, { body }: Request): Answer {
  if (!key.body.keyOps.includes("sign"))
    throw forbidden("Operation sign is not permitted on this key.", "KeyOperationForbidden");
  const { data: given } = signBody.safeParse(body);
  const curve = given && curves[given.alg];
  if (!given || curve === undefined) throw notInLab(`signatures but by ${Object.keys(curves).join(", ")}, of a value`);
  const { alg, value } = given;
  if (curve !== "P-256")
    throw badParameter(
      `Key and signing algorithm are incompatible. Key ${uriOf(vault, key)} uses curve 'P-256', and algorithm '${alg}' can only be used with curve '${curve}'.`,
    );
  const digest = Buffer.from(value, "base64url");
  if (digest.length !== digestBytes)
    throw badParameter(
      `Invalid length of 'value': ${digest.length} bytes. ${alg} requires ${digestBytes} bytes, encoded with base64url.`,
    );
  const signature = signDigest(Buffer.from(key.body.jwk.d, "base64url"), digest);
  return { status: 200, body: { kid: uriOf(vault, key), value: signature.toString("base64url") } };
}
