/** Microsoft.Storage/storageAccounts. What they hold is Azurite's; who may ask for it, `blobCheck.ts` decides. */
import { randomBytes } from "node:crypto";
import { storageSuffix } from "../../serviceNames.ts";
import { missingEndpoints } from "../access/networkRules.ts";
import type { Context, StoreContext } from "../context.ts";
import { badRequest, conflict } from "../errors.ts";
import { keyOf, nameOf } from "../ids.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Action, Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { accountBody, accountIntroduced, type AccountBody } from "./accountSchema.ts";
import { containersOf } from "./containers.ts";
import { storageVersions } from "./storageVersions.ts";

export type Account = Resource<AccountBody>;

export const accountName = {
  pattern: /^[a-z0-9]{3,24}$/,
  rule: "Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only",
  code: "AccountNameInvalid",
};

/** The account of this name, in whatever group: names are unique. */
export const accountNamed = (name: string, { store }: StoreContext): Account | undefined =>
  store.ofType<AccountBody>(types.storageAccount).find((account) => account.name === name.toLowerCase());

export const blobEndpoint = (name: string): string => `https://${name}.blob.${storageSuffix}/`;

const newKey = (): string => randomBytes(64).toString("base64");

function prepare(draft: Draft<AccountBody>, context: Context): void {
  const name = nameOf(draft.id);
  const other = accountNamed(name, context);
  if (other && other.key !== keyOf(draft.id))
    throw conflict(
      "StorageAccountInAnotherResourceGroup",
      `The account ${name} is already in another resource group in this subscription.`,
    );
  refuseWithoutEndpoint(draft.body.properties, context);
  const now = new Date(context.nowMilliseconds()).toISOString();
  draft.computed.keys ??= [newKey(), newKey()].map((value) => ({ value, made: now }));
}

/** A subnet that is to be admitted must have the service endpoint. */
function refuseWithoutEndpoint({ networkAcls }: AccountBody["properties"], context: Context): void {
  const { virtualNetworkRules = [] } = networkAcls ?? {};
  const message = missingEndpoints({ virtualNetworkRules }, "Microsoft.Storage", context);
  if (message === undefined) return;
  const what = "Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured";
  throw badRequest("NetworkAclsValidationFailure", `${what}:${message}`);
}

const renderKeys = ({ computed }: Account): object => ({
  keys: computed.keys!.map(({ value, made }, index) => ({
    creationTime: made,
    keyName: `key${index + 1}`,
    value,
    permissions: "FULL",
  })),
});

/** Keys are told also where requests with them are refused. */
const listKeys: Action<AccountBody> = (account) => ({ status: 200, body: renderKeys(account) });

const regenerateKey: Action<AccountBody> = (account, { store, nowMilliseconds }, body) => {
  const { keyName } = (body ?? {}) as { keyName?: unknown };
  const at = ["key1", "key2"].indexOf(String(keyName));
  if (at < 0)
    throw badRequest("InvalidValuesForRequestParameters", "Values for request parameters are invalid: keyName.");
  const made = new Date(nowMilliseconds()).toISOString();
  const keys = account.computed.keys!.map((key, index) => (index === at ? { value: newKey(), made } : key));
  const changed = store.put({ ...account, computed: { ...account.computed, keys } }, true);
  return { status: 200, body: renderKeys(changed) };
};

export const storageAccounts: ResourceType<AccountBody> = {
  type: types.storageAccount,
  dialect: "storage",
  apiVersions: storageVersions,
  introduced: accountIntroduced,
  location: "regional",
  name: accountName,
  schema: accountBody,
  asynchronous: "creation",
  patch: "merge",
  prepare,
  applied: (account, existing, _, { store }) => {
    if (existing) return;
    store.create(`${account.id}/blobServices/default`, types.blobService, { properties: {} }, {}, "Succeeded");
  },
  render: (account) => {
    const { sku, kind, properties } = account.body;
    const [key1, key2] = account.computed.keys!;
    const acls = { bypass: "AzureServices", defaultAction: "Allow", ipRules: [], ...properties.networkAcls };
    const ofNetworks = (properties.networkAcls?.virtualNetworkRules ?? []).map(({ id }) => ({
      id,
      action: "Allow",
      state: "Succeeded",
    }));
    const blob = { keyType: "Account", enabled: true, lastEnabledTime: account.created };
    return {
      kind,
      sku: { ...sku, tier: "Standard" },
      properties: {
        accessTier: "Hot",
        allowBlobPublicAccess: false,
        allowCrossTenantReplication: false,
        minimumTlsVersion: "TLS1_0",
        supportsHttpsTrafficOnly: true,
        ...properties,
        networkAcls: { ...acls, virtualNetworkRules: ofNetworks },
        encryption: { services: { blob }, keySource: "Microsoft.Storage" },
        privateEndpointConnections: [],
        primaryEndpoints: { blob: blobEndpoint(account.name) },
        primaryLocation: account.body.location,
        statusOfPrimary: "available",
        creationTime: account.created,
        keyCreationTime: { key1: key1!.made, key2: key2!.made },
        provisioningState: account.state === "Creating" ? "Creating" : "Succeeded",
      },
    };
  },
  project: (account, context) => ({
    storageAccounts: [
      {
        id: account.key,
        name: account.name,
        guid: account.guid,
        keys: account.computed.keys!.map(({ value }) => value),
        containers: containersOf(account, context)
          .filter(isLive)
          .map(({ name }) => name),
      },
    ],
  }),
  deleting: (account, { store }) => {
    for (const one of store.all().filter(({ key }) => key.startsWith(`${account.key}/`))) store.remove(one.id);
  },
  actions: { listkeys: listKeys, regeneratekey: regenerateKey },
};
