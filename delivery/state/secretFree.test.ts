import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { load, dump } from "js-yaml";
import {
  earlierSecrets,
  marksOf,
  openStrings,
  originsOf,
  placeholdersOf,
  secureValues,
  withPlaceholders,
} from "./configuration.ts";
import { Mask, masked } from "./mask.ts";
import { encrypt, encryptionSalt, passphrase } from "./passphrase.ts";
import { isSecret, knownSecrets, secretFree, secretsIn, stateVersion, type Export } from "./secretFree.ts";

const file = {
  encryptionsalt: "v1:of:the:stack",
  config: {
    "platform:environment": {
      name: "development",
      tiers: {
        back: { applications: [{ name: "back", secrets: { PGUSER: "login.user", PGPASSWORD: "login.password" } }] },
      },
    },
    "platform:login": { secure: "v1:cipher:one" },
    "platform:apiKey": { secure: "v1:cipher:two" },
    "other:nested": { list: [{ secure: "v1:cipher:three" }], open: "said openly" },
  },
};
const shown = {
  "platform:login": { value: '{"user":"platform_a","password":"hunter2-hunter2"}', secret: true },
  "platform:apiKey": { value: 'k"e\\y', secret: true },
  "other:nested": { value: "{}", objectValue: { list: ["deep secret"], open: "said openly" }, secret: true },
};
const secrets = secureValues(file, "platform");
const origins = originsOf(secrets, shown);
const signature = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown) => ({
  [signature]: "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});
const state = (inputs: Record<string, unknown>, more: object = {}): Export => ({
  version: 3,
  deployment: {
    resources: [
      { urn: "urn:pulumi:dev::platform::a:b:C::one", type: "a:b:C", id: "one", inputs, outputs: {}, ...more },
    ],
  },
});
const inputsOf = ({ deployment }: Export) => deployment.resources?.[0]?.inputs;
const plaintext = (value: unknown): unknown => (isSecret(value) ? JSON.parse(String(value["plaintext"])) : value);

test("secrets of a stack file are found at any depth, with the fields that are asked for", () => {
  expect(secrets).toEqual([
    { path: ["platform:login"], ciphertext: "v1:cipher:one", fields: ["password", "user"] },
    { path: ["platform:apiKey"], ciphertext: "v1:cipher:two", fields: [] },
    { path: ["other:nested", "list", "0"], ciphertext: "v1:cipher:three", fields: [] },
  ]);
  expect(openStrings(file, secrets)).toContain("said openly");
});

test("a placeholder follows from the ciphertext, and nothing else of the file changes", () => {
  const replaced = withPlaceholders(file, secrets);
  const shown = load(dump(replaced)) as typeof file;
  expect(shown.encryptionsalt).toBe(encryptionSalt);
  expect(shown.config["platform:environment"]).toEqual(file.config["platform:environment"]);
  expect(shown.config["other:nested"]).toMatchObject({
    open: "said openly",
    list: [{ secure: expect.any(String) as string }],
  });
  expect(decrypt(shown.config["platform:apiKey"].secure)).toMatch(/^placeholder apiKey [0-9a-f]{16}$/);
  const login = JSON.parse(decrypt(shown.config["platform:login"].secure)) as Record<string, string>;
  expect(Object.keys(login)).toEqual(["password", "user"]);
  expect(login["user"]).toMatch(/^placeholder login\.user [0-9a-f]{16}$/);
  expect(marksOf(secrets)["platform:apiKey"]).toMatch(/^[0-9a-f]{16}$/);
});

function decrypt(text: string): string {
  const [, nonce = "", content = ""] = text.split(":");
  const key = pbkdf2Sync(passphrase, Buffer.from(encryptionSalt.split(":")[1]!, "base64"), 1_000_000, 32, "sha256");
  const bytes = Buffer.from(content, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
}

test("the fixed salt is one of that passphrase", () => {
  expect(decrypt(encryptionSalt.split(":").slice(2).join(":"))).toBe("pulumi");
  expect(decrypt(encrypt("back"))).toBe("back");
});

test("the copy has a placeholder for each secret, by its origin, and for a part of one", () => {
  const exported = state({
    whole: secret(shown["platform:login"].value),
    field: secret("hunter2-hunter2"),
    within: secret({ list: ["deep secret", 7, true] }),
    text: "postgres://platform_a:hunter2-hunter2@host",
    json: JSON.stringify({ key: 'k"e\\y' }),
    base64: Buffer.from("deep secret").toString("base64"),
    generated: secret("made by a provider"),
    used: "it is made by a provider",
  });
  const copy = secretFree(exported, origins, openStrings(file, secrets));
  const text = JSON.stringify(copy);
  for (const value of ["hunter2", "platform_a", "deep secret", "made by", "k\\", "ZGVlcCBzZWNyZXQ"])
    expect(text).not.toContain(value);
  const inputs = inputsOf(copy) as Record<string, unknown>;
  expect(JSON.parse(plaintext(inputs["whole"]) as string)).toEqual(JSON.parse(placeholdersOf(secrets)[0]!));
  expect(plaintext(inputs["field"])).toMatch(/^placeholder login\.password [0-9a-f]{16}$/);
  expect(plaintext(inputs["within"])).toEqual({
    list: [expect.stringMatching(/^placeholder nested\.list\.0 /), 0, false],
  });
  expect(inputs["text"]).toMatch(/^postgres:\/\/placeholder login\.user .{16}:placeholder login\.password .{16}@host$/);
  // One without an origin has the same placeholder wherever it is.
  expect(inputs["used"]).toBe(`it is ${plaintext(inputs["generated"]) as string}`);
});

test("what is openly said is no secret but where it is marked as one", () => {
  const exported = state({ name: "said openly", key: secret("said openly") });
  const copy = inputsOf(secretFree(exported, origins, openStrings(file, secrets)));
  expect(copy).toMatchObject({ name: "said openly" });
  expect(plaintext(copy?.["key"])).not.toBe("said openly");
});

test("a pending operation and what a failed update left have none either", () => {
  const { deployment } = state({ key: "hunter2-hunter2" }, { initErrors: ["it said hunter2-hunter2"] });
  const [resource] = deployment.resources!;
  const copy = secretFree(
    { version: 3, deployment: { ...deployment, pending_operations: [{ type: "creating", resource: resource! }] } },
    origins,
    [],
  );
  expect(JSON.stringify(copy)).not.toContain("hunter2");
});

test("a state and its copy have one version; it changes with what is in it, and not with when it was made", () => {
  const version = (exported: Export, list = knownSecrets(exported, origins, [])) =>
    stateVersion(exported, new Mask(list.map(({ secret }) => ({ secret, by: masked }))));
  const exported = state({ key: secret("a b c"), text: "with a b c and hunter2-hunter2", more: 1 });
  const copy = secretFree(exported, origins, []);
  expect(version(copy, secretsIn(copy))).toBe(version(exported));
  expect(
    version(
      state(
        { key: secret("a b c"), text: "with a b c and hunter2-hunter2", more: 1 },
        { created: "now", modified: "now", sourcePosition: "x" },
      ),
    ),
  ).toBe(version(exported));
  expect(version(state({ key: secret("a b c"), text: "with a b c and hunter2-hunter2", more: 2 }))).not.toBe(
    version(exported),
  );
  expect(version({ version: 3, deployment: {} })).toBeUndefined();
});

test("what the configuration had since the last update that succeeded is taken out as well", () => {
  const run = (kind: string, result: string, value: string, more = {}) => ({
    ...{ kind, result },
    config: { "platform:apiKey": { value, secret: true }, ...more },
  });
  const history = [
    run("update", "failed", "the failed key"),
    run("refresh", "succeeded", "the refreshed key"),
    run("update", "succeeded", "the key before", { "platform:gone": { value: "gone secret", secret: true } }),
    run("update", "succeeded", "an older key"),
  ];
  const earlier = earlierSecrets(secrets, history);
  expect(earlier.map(({ secret }) => secret)).not.toContain("an older key");
  const values = { a: "x the key before", b: "gone secret", c: "the failed key", d: "the refreshed key" };
  const copy = secretFree(state(values), [...origins, ...earlier], []);
  expect(JSON.stringify(copy)).not.toMatch(/the \w+ key|the key before|gone secret/);
});

test("what Ansible printed is in no copy, and its lines are no secrets elsewhere", () => {
  const urn = "urn:pulumi:dev::platform::platform:configuration:Playbook$command:local:Command::configuration-ansible";
  const outputs = { stdout: secret("TASK [Gather facts]\nok: [front]"), hash: secret("a real secret") };
  const exported = state({ title: "TASK [Gather facts]" }, { urn, outputs });
  expect(secretsIn(exported).map((one) => one.secret)).toEqual(["a real secret"]);
  const copy = secretFree(exported, [], []);
  expect(inputsOf(copy)).toEqual({ title: "TASK [Gather facts]" });
  expect(plaintext(copy.deployment.resources?.[0]?.outputs?.["stdout"])).toBe("");
  expect(JSON.stringify(copy)).not.toContain("ok: [front]");
});
