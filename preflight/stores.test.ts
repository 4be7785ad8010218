import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { restOf, roomySubscription, subscriptionId } from "../azure/testing/subscription.ts";
import type { PlannedVault } from "../environment/plan.ts";
import { requireSecrets } from "./stores.ts";

const azure = vi.hoisted((): { rest: unknown } => ({ rest: undefined }));
vi.mock("../azure/arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));

const vault: PlannedVault = {
  name: "kv-dev",
  recover: false,
  refreshSeconds: 60,
  secrets: [
    { name: "apiKey", fields: [], wantedBy: "application front of tier front" },
    { name: "databaseLogin", fields: ["password", "user"], wantedBy: "tier data" },
    { name: "other", fields: [], wantedBy: "tier data" },
  ],
};

/** What ends the program where the vault has these secrets, and what was asked. */
async function required(secrets: string[], given: string[], errors: Record<string, [number, object]> = {}) {
  const { rest, asked } = restOf({ ...roomySubscription(), vaults: { "kv-dev": secrets }, errors });
  azure.rest = rest;
  const id = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-dev/providers/Microsoft.KeyVault/vaults/kv-dev`;
  const error = await requireSecrets(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    vault,
    given,
    id,
  ).then(
    () => undefined,
    (thrown: unknown) => {
      expect(pulumi.RunError.isInstance(thrown)).toBe(true);
      return (thrown as Error).message;
    },
  );
  return { error, asked };
}

test("all secrets that are missing are told at once, with who asks for each and the commands that set it", async () => {
  const { error } = await required(["other"], []);
  expect(error)
    .toBe(`2 secrets are missing in the vault kv-dev. It stands now; no machine was made. Set what is missing, \
then run pulumi up again.
  apiKey, for which application front of tier front asks
    read -rs value; printf %s "$value" | az keyvault secret set --vault-name kv-dev --name apiKey --file /dev/stdin
    or: pulumi config set --secret platform:apiKey
    or, where it was deleted: az keyvault secret recover --vault-name kv-dev --name apiKey
  databaseLogin, for which tier data asks
    read -rs value; printf %s "$value" | az keyvault secret set --vault-name kv-dev --name databaseLogin --file \
/dev/stdin   # {"password":"…","user":"…"}
    or: pulumi config set --secret platform:databaseLogin   # {"password":"…","user":"…"}
    or, where it was deleted: az keyvault secret recover --vault-name kv-dev --name databaseLogin`);
});

test("a secret that is disabled is told as one, with the command that enables it", async () => {
  const disabled: [number, object] = [200, { properties: { attributes: { enabled: false } } }];
  const { error } = await required(["apiKey", "databaseLogin", "other"], [], { "/secrets/other": disabled });
  expect(error).toMatch(/^1 secret is missing in the vault kv-dev\./);
  expect(error?.split("\n").slice(1)).toEqual([
    "  other, for which tier data asks, is disabled",
    "    az keyvault secret set-attributes --vault-name kv-dev --name other --enabled true",
  ]);
});

test("the message stays what it is, whatever waits for what failed", async () => {
  const { rest } = restOf({ ...roomySubscription(), vaults: { "kv-dev": [] } });
  azure.rest = rest;
  const failure: unknown = await requireSecrets(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    vault,
    [],
    "/vault",
  ).catch((error: unknown) => error);
  // As the SDK does for each property that waits.
  (failure as Error).message = `error serializing property "scope": ${(failure as Error).message}`;
  expect((failure as Error).message).toMatch(/^3 secrets are missing in the vault/);
});

test("where ARM does not tell, that ends the program too", async () => {
  const forbidden = { error: { code: "AuthorizationFailed", message: "no" } };
  const errors = { "/secrets/other": [403, forbidden] as [number, object] };
  const { error } = await required([], ["apiKey", "databaseLogin"], errors);
  expect(error).toMatch(
    /^Azure does not tell whether the vault kv-dev has other; no machine was made\.\n {2}GET .*403 AuthorizationFailed no$/,
  );
});

test("a secret that the program writes itself is not asked for", async () => {
  const { error, asked } = await required(["other"], ["apiKey", "databaseLogin"]);
  expect(error).toBeUndefined();
  expect(asked).toEqual([expect.stringMatching(/^GET .*\/vaults\/kv-dev\/secrets\/other\?api-version=2024-11-01$/)]);
});
