import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test, vi } from "vitest";
import { restOf, roomySubscription, subscriptionId } from "../azure/testing/subscription.ts";
import type { PlannedVault } from "../environment/plan.ts";
import { requireSecrets } from "./stores.ts";

const azure = vi.hoisted((): { rest: unknown } => ({ rest: undefined }));
vi.mock("../azure/arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));
afterEach(() => {
  vi.restoreAllMocks();
});

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
async function required(
  secrets: string[],
  given: string[],
  preview = false,
  errors: Record<string, [number, object]> = {},
) {
  const { rest, asked } = restOf({ ...roomySubscription(), vaults: { "kv-dev": secrets }, errors });
  azure.rest = rest;
  vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(preview);
  const id = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-dev/providers/Microsoft.KeyVault/vaults/kv-dev`;
  const error = await requireSecrets(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test" },
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
  expect(error).toBe(`2 secrets are not in the vault kv-dev. It stands now; no machine was made. Set what is missing, \
then run pulumi up again.
  apiKey, for which application front of tier front asks
    az keyvault secret set --vault-name kv-dev --name apiKey --value '…'
    or: pulumi config set --secret platform:apiKey
  databaseLogin, for which tier data asks
    az keyvault secret set --vault-name kv-dev --name databaseLogin --value '{"password":"…","user":"…"}'
    or: pulumi config set --secret platform:databaseLogin '{"password":"…","user":"…"}'`);
});

test("the message stays what it is, whatever waits for what failed", async () => {
  const { rest } = restOf({ ...roomySubscription(), vaults: { "kv-dev": [] } });
  azure.rest = rest;
  vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(false);
  const failure: unknown = await requireSecrets(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test" },
    vault,
    [],
    "/vault",
  ).catch((error: unknown) => error);
  // As the SDK does for each property that waits.
  (failure as Error).message = `error serializing property "scope": ${(failure as Error).message}`;
  expect((failure as Error).message).toMatch(/^3 secrets are not in the vault/);
});

test("where ARM does not tell, that ends the program too", async () => {
  const forbidden = { error: { code: "AuthorizationFailed", message: "no" } };
  const errors = { "/secrets/other": [403, forbidden] as [number, object] };
  const { error } = await required([], ["apiKey", "databaseLogin"], false, errors);
  expect(error).toMatch(
    /^Azure does not tell whether the vault kv-dev has other; no machine was made\.\n {2}GET .*403 AuthorizationFailed no$/,
  );
});

test("a secret that the program writes itself is not asked for", async () => {
  const { error, asked } = await required(["other"], ["apiKey", "databaseLogin"]);
  expect(error).toBeUndefined();
  expect(asked).toEqual([expect.stringMatching(/^GET .*\/vaults\/kv-dev\/secrets\/other\?api-version=2024-11-01$/)]);
});

test("a preview, which makes no machine, asks nothing", async () => {
  expect(await required([], [], true)).toEqual({ error: undefined, asked: [] });
});
