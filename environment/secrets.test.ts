import { expect, test } from "vitest";
import { fieldsOf, parseReference, secretsOf, setInPulumi, waysToSet } from "./secrets.ts";
import { dev, devWith, mistakes, type Json } from "./testing/mistakes.ts";
import { committed } from "./testing/stacks.ts";

const back = (secrets: Json): Json =>
  dev(({ tiers }) => {
    const [application] = tiers["back"]?.["applications"] as Json[];
    tiers["back"] = { ...tiers["back"], applications: [{ ...application, secrets }] };
  });

test("a reference is a secret, or a field of one", () => {
  expect(parseReference("apiKey")).toEqual({ name: "apiKey", field: undefined });
  expect(parseReference("databaseLogin.user")).toEqual({ name: "databaseLogin", field: "user" });
});

test("a secret is wanted once, with all of its fields and the first place that asks", () => {
  expect(secretsOf(committed("dev"))).toEqual([
    { name: "databaseLogin", fields: ["password", "user"], wantedBy: "application back of tier back" },
  ]);
  expect(secretsOf(committed("tools"))).toEqual([{ name: "runnerToken", fields: [], wantedBy: "tier runner" }]);
  expect(secretsOf({ tiers: { a: { secrets: { b: "not a name", c: 7 } } } })).toEqual([]);
});

test.each(["ApiKey", "api-key", "a.b.c", "a.", ".b", "environment", "environment.name", `a${"b".repeat(127)}`])(
  "%s is no secret",
  (reference) => {
    const [mistake, ...others] = mistakes({ environment: back({ KEY: reference }) });
    expect(mistake?.[0]).toBe("platform:environment.tiers.back.applications[0].secrets.KEY");
    expect(mistake?.[2]).toMatch(/^the name of a secret, or name\.field where its value is a JSON object: letters and/);
    expect(others).toEqual([]);
  },
);

test.each(["apiKey", "apiKey2", "environments", "login.environment", `a${"b".repeat(126)}`])(
  "%s is one",
  (reference) => {
    expect(mistakes({ environment: back({ KEY: reference }) })).toEqual([]);
  },
);

test("a secret that Pulumi does not have is no mistake: people set it in the vault", () => {
  expect(mistakes({ secrets: {} })).toEqual([]);
});

test("a value of Pulumi's without the fields that are wanted of it is told, and never shown", () => {
  const allowed =
    "a JSON object of strings with password, user, for which application back of tier back asks. Set it with\n" +
    `      pulumi config set --secret platform:databaseLogin   # {"password":"…","user":"…"}`;
  expect(mistakes({ secrets: { databaseLogin: undefined } })).toEqual([
    ["platform:databaseLogin", "a value that is no JSON object of strings", allowed],
  ]);
  expect(mistakes({ secrets: { databaseLogin: ["user"] } })).toEqual([
    ["platform:databaseLogin", "a JSON object without password", allowed],
  ]);
  expect(mistakes({ secrets: { databaseLogin: ["password", "user"] } })).toEqual([]);
});

test("a value that nobody asks for is told; one that the release before asked for is not", () => {
  expect(mistakes({ secrets: { databaseLogni: undefined, databasePassword: undefined } })).toEqual([
    [
      "platform:databaseLogni",
      "a value that nobody asks for",
      "the name of a secret that a tier or an application asks for: databaseLogin. Take it away with\n" +
        "      pulumi config rm platform:databaseLogni",
    ],
  ]);
});

test("roles that find no secret by the name of theirs are told what they ask for", () => {
  const environment = devWith("data", { secrets: { databasePassword: "databasePassword" } });
  expect(mistakes({ environment })).toEqual([
    [
      "platform:environment.tiers.data.secrets.login",
      "(nothing)",
      "the name of a secret, for which the roles of kind data ask: login: login",
    ],
  ]);
});

test("only an object of strings has fields", () => {
  expect(fieldsOf('{"user":"a","password":"b"}')).toEqual(["user", "password"]);
  for (const value of ["", "secret", "7", "null", '["a"]', '{"port":5432}']) expect(fieldsOf(value)).toBeUndefined();
});

test("the commands that set a secret say its fields, and take no value as an argument", () => {
  expect(setInPulumi({ name: "apiKey", fields: [] })).toBe("pulumi config set --secret platform:apiKey");
  const login = { name: "login", fields: ["user"], wantedBy: "tier data", disabled: false };
  expect(waysToSet("kv-dev", login)).toEqual([
    'read -rs value; printf %s "$value" | az keyvault secret set --vault-name kv-dev --name login --file /dev/stdin   # {"user":"…"}',
    'or: pulumi config set --secret platform:login   # {"user":"…"}',
    "or, where it was deleted: az keyvault secret recover --vault-name kv-dev --name login",
  ]);
  expect(waysToSet("kv-dev", { ...login, disabled: true })).toEqual([
    "az keyvault secret set-attributes --vault-name kv-dev --name login --enabled true",
  ]);
});
