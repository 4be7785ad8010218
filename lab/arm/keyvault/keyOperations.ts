/** What can be asked of a vault's keys: the public part, signatures, to encrypt and decrypt, and a newer version. */
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, notInLab } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import type { Resource } from "../resource.ts";
import { signDigest } from "./ecdsa.ts";
import { enable, keyId, keyName, newestOf, rotate, type Key, type KeyBody, type KeyVersion } from "./keys.ts";
import { badParameter, forbidden } from "./refusals.ts";
import { paged } from "./secretAnswers.ts";
import { recoveryLevelOf, vaultOrigin } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";
import { isVersion, type VaultOperation } from "./vaultOperation.ts";

type Vault = Resource<VaultBody>;

/** A key, and the version of it that is asked for: the newest where none is named. */
interface Asked {
  vault: Vault;
  key: Key;
  version: KeyVersion;
  request: Request;
  context: Context;
}

const uriOf = ({ vault, key, version }: Asked): string => `${vaultOrigin(vault)}/keys/${key.name}/${version.name}`;

/** The operation on a key that the request asks for. */
export function keyOperationOf(request: Request): VaultOperation {
  const { method, segments, path } = request;
  const [, name = "", third = "", ...more] = segments;
  const version = isVersion(third) ? third.toLowerCase() : undefined;
  const words = (version === undefined && third !== "" ? [third, ...more] : more).join("/").toLowerCase();
  const operation = name === "" ? undefined : operations[`${method} ${words}`.trim()];
  if (!operation || (version !== undefined && operation.ofAllVersions))
    throw new ArmError(
      404,
      "NotImplementedByLab",
      `The lab's vaults tell keys, use and rotate them, and have no ${method} ${path}.`,
    );
  if (!keyName.pattern.test(name)) throw badParameter(`The request URI contains an invalid name: ${name}`);
  return {
    action: `Microsoft.KeyVault/vaults/keys/${operation.verb}`,
    object: `keys/${name}`,
    answer: (vault, context) => operation.answer({ vault, ...found(vault, name, version, context), request, context }),
  };
}

interface Operation {
  /** Of the data action that it needs. */
  verb: string;
  /** Asked of a key without a version. */
  ofAllVersions?: boolean;
  answer(asked: Asked): Answer;
}

const operations: Record<string, Operation> = {
  GET: { verb: "read", answer: told },
  "GET versions": {
    verb: "read",
    ofAllVersions: true,
    answer: (asked) =>
      paged(
        asked.vault,
        asked.key.body.versions.map((version) => itemOf({ ...asked, version })),
        asked.request.segments,
        asked.request.query,
      ),
  },
  PATCH: { verb: "update/action", answer: update },
  "POST rotate": {
    verb: "rotate/action",
    ofAllVersions: true,
    answer: (asked) => {
      if (!asked.version.enabled) throw notInLab("rotation of a key whose newest version is disabled");
      return told({ ...asked, version: rotate(asked.key, asked.context) });
    },
  },
  "POST sign": { verb: "sign/action", answer: sign },
  "POST encrypt": { verb: "encrypt/action", answer: encrypt },
  "POST decrypt": { verb: "decrypt/action", answer: decrypt },
};

function found(vault: Vault, name: string, version: string | undefined, { store }: Context) {
  const key = store.get<KeyBody>(keyId(vault, name));
  const wanted = key && (version === undefined ? newestOf(key) : key.body.versions.find((one) => one.name === version));
  if (key && wanted) return { key, version: wanted };
  const named = version === undefined ? name : `${name}/${version}`;
  throw new ArmError(
    404,
    "KeyNotFound",
    `A key with (name/id) ${named} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

function itemOf(asked: Asked): object {
  const { enabled, created, updated } = asked.version;
  const { softDeleteRetentionInDays: recoverableDays } = asked.vault.body.properties;
  const { tags } = asked.key.body;
  return {
    kid: uriOf(asked),
    attributes: { enabled, created, updated, recoveryLevel: recoveryLevelOf(asked.vault), recoverableDays },
    ...(tags && { tags }),
  };
}

/** Also of a version that is disabled. */
function told(asked: Asked): Answer {
  const { kid, ...rest } = itemOf(asked) as { kid: string };
  const { key, version } = asked;
  const { kty, crv, x, y, n, e } = version.jwk;
  const parts = kty === "EC" ? { crv, x, y } : { n, e };
  return { status: 200, body: { key: { kid, kty, key_ops: key.body.keyOps, ...parts }, ...rest } };
}

const updateBody = z.strictObject({ attributes: z.strictObject({ enabled: z.boolean() }) });

function update(asked: Asked): Answer {
  const { data } = updateBody.safeParse(asked.request.body);
  if (!data) throw notInLab("changes of a key but to attributes.enabled");
  return told({ ...asked, version: enable(asked.key, asked.version, data.attributes.enabled, asked.context) });
}

const operationBody = z.object({ alg: z.string(), value: z.string() });

/**
 * What is to be done with a value, by a key that may do it. A disabled version does nothing, as the documents have it;
 * one thread saw Azure encrypt by one: https://github.com/Azure/azure-sdk-for-python/issues/45342
 */
function given(operation: string, { key, version, request }: Asked): { alg: string; value: Buffer } {
  if (!version.enabled) throw forbidden(`Operation ${operation} is not allowed on a disabled key.`, "KeyDisabled");
  if (!key.body.keyOps.includes(operation))
    throw forbidden(`Operation ${operation} is not permitted on this key.`, "KeyOperationForbidden");
  const { data } = operationBody.safeParse(request.body);
  if (!data) throw notInLab("operations without alg and value");
  // https://github.com/bruj0/vault-recovery-key/issues/20
  if (!/^[\w-]*$/.test(data.value))
    throw badParameter("Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n");
  return { alg: data.alg, value: Buffer.from(data.value, "base64url") };
}

const result = (asked: Asked, value: Buffer): Answer => ({
  status: 200,
  body: { kid: uriOf(asked), value: value.toString("base64url") },
});

/** How Node.js is told of the algorithm. That another one is refused so is a guess, after the refusal of `sign`. */
function paddingOf(alg: string, asked: Asked) {
  const { kty } = asked.version.jwk;
  if (kty === "RSA" && ["RSA-OAEP", "RSA1_5"].includes(alg)) throw notInLab(`encryption by ${alg}`);
  if (kty !== "RSA" || alg !== "RSA-OAEP-256")
    throw badParameter(
      `Key and encryption algorithm are incompatible. Key ${uriOf(asked)} has type '${kty}', and algorithm is '${alg}'.`,
    );
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
}

function encrypt(asked: Asked): Answer {
  const { alg, value } = given("encrypt", asked);
  const options = { key: createPublicKey({ key: asked.version.jwk, format: "jwk" }), ...paddingOf(alg, asked) };
  try {
    return result(asked, publicEncrypt(options, value));
  } catch {
    // Longer than a block of the key; the words are a guess.
    throw badParameter("The parameter is incorrect.\r\n");
  }
}

/** Where no version is named it is the newest that decrypts or fails to: https://github.com/pulumi/pulumi/issues/22338 */
function decrypt(asked: Asked): Answer {
  const { alg, value } = given("decrypt", asked);
  const options = { key: createPrivateKey({ key: asked.version.jwk, format: "jwk" }), ...paddingOf(alg, asked) };
  try {
    return result(asked, privateDecrypt(options, value));
  } catch {
    throw badParameter("Unable to decrypt specified value with this key.");
  }
}

/**
 * The curve that each algorithm needs.
 * https://learn.microsoft.com/azure/key-vault/keys/about-keys-details
 */
const curves: Record<string, string | undefined> = { ES256: "P-256", ES256K: "P-256K", ES384: "P-384", ES512: "P-521" };

const digestBytes = 32;

function sign(asked: Asked): Answer {
  const { alg, value: digest } = given("sign", asked);
  const { jwk } = asked.version;
  const curve = curves[alg];
  if (curve === undefined || jwk.kty !== "EC")
    throw notInLab(`signatures but by ${Object.keys(curves).join(", ")}, of keys of type EC`);
  if (curve !== "P-256")
    throw badParameter(
      `Key and signing algorithm are incompatible. Key ${uriOf(asked)} uses curve 'P-256', and algorithm '${alg}' can only be used with curve '${curve}'.`,
    );
  if (digest.length !== digestBytes)
    throw badParameter(
      `Invalid length of 'value': ${digest.length} bytes. ${alg} requires ${digestBytes} bytes, encoded with base64url.`,
    );
  return result(asked, signDigest(Buffer.from(jwk.d!, "base64url"), digest));
}
