/**
 * A pipeline's login: no secret, a token of an issuer that an identity trusts. The plugin takes it by the variables that
 * azure-native documents, and the program's own questions log in as the plugin does. Against the lab's ARM.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { connect } from "../../../azure/arm.ts";
import { TestIssuer } from "../../arm/testing/issuer.ts";
import { gitlabSubject, tokenExchange } from "../../gitlabToken.ts";
import { subscription, tenant, TestLab } from "../../arm/testing/testLab.ts";
import type { Properties } from "../plugin/values.ts";
import { Arm } from "./arm.ts";
import { invoke } from "./invoke.ts";
import { resourceType } from "./resources.ts";
import { readSettings } from "./settings.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const subject = gitlabSubject({ project: "group/platform", ref: "feature", refProtected: false });
const directory = mkdtempSync(join(tmpdir(), "oidc-"));
const [lab, issuer] = [new TestLab(), new TestIssuer()];
let identity: { clientId: string; principalId: string };
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  await Promise.all([lab.start(), issuer.start()]);
  // As NODE_EXTRA_CA_CERTS does at a start.
  tls.setDefaultCACertificates([...tls.getCACertificates(), lab.certificates.ca]);
  const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-platform-ci-preview`;
  await lab.call("PUT", `${group}?api-version=2024-03-01`, { location: "westeurope" });
  const { body } = await lab.call("PUT", `${id}?api-version=2023-01-31`, { location: "westeurope" });
  identity = (body as { properties: typeof identity }).properties;
  await lab.call("PUT", `${id}/federatedIdentityCredentials/gitlab?api-version=2023-01-31`, {
    properties: { issuer: issuer.url, subject, audiences: [tokenExchange] },
  });
  const assignment = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-0000000000a1`;
  const roleDefinitionId = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
  const given = { principalId: identity.principalId, principalType: "ServicePrincipal", roleDefinitionId };
  await lab.call("PUT", `${assignment}?api-version=2022-04-01`, { properties: given });
  lab.pass(20);
});
beforeEach(async () => {
  variables = {
    ARM_METADATA_HOSTNAME: lab.endpoint.replace("https://", ""),
    ARM_USE_OIDC: "true",
    ARM_CLIENT_ID: identity.clientId,
    ARM_TENANT_ID: tenant,
    ARM_SUBSCRIPTION_ID: subscription,
    ARM_OIDC_TOKEN: await issuer.token({ subject }),
  };
});
afterAll(async () => {
  await Promise.all([lab.stop(), issuer.stop()]);
  rmSync(directory, { recursive: true });
});

const plugin = (more: NodeJS.ProcessEnv = {}) => new Arm(readSettings({}, { ...variables, ...more }));
const groups = resourceType("azure-native:resources:ResourceGroup");

test("the plugin reads as the identity and is refused what a Reader may not write", async () => {
  const arm = plugin();
  expect(await arm.get(groups, { resourceGroupName: "rg" })).toMatchObject({ location: "westeurope" });
  await expect(arm.put(groups, { resourceGroupName: "more" }, { location: "westeurope" })).rejects.toThrow(
    /Status=403 Code="AuthorizationFailed" Message="The client '[-\da-f]+' with object id/,
  );
  expect(await invoke(arm, "azure-native:authorization:getClientConfig", {})).toMatchObject({
    clientId: identity.clientId,
    objectId: identity.principalId,
  });
});

test("the token may stand in a file", async () => {
  const file = join(directory, "id-token");
  const get = (path: string) =>
    plugin({ ARM_OIDC_TOKEN: "", ARM_OIDC_TOKEN_FILE_PATH: path }).get(groups, { resourceGroupName: "rg" });
  writeFileSync(file, variables["ARM_OIDC_TOKEN"]!, { mode: 0o600 });
  expect(await get(file)).toMatchObject({ location: "westeurope" });
  writeFileSync(file, `${variables["ARM_OIDC_TOKEN"]}\n`);
  await expect(get(file)).rejects.toThrow("AADSTS50027");
  await expect(get(join(directory, "none"))).rejects.toThrow("ARM_OIDC_TOKEN_FILE_PATH");
});

test("a token that nobody trusts is told as Azure tells it", async () => {
  const token = await issuer.token({
    subject: gitlabSubject({ project: "mallory/platform", ref: "main", refProtected: false }),
  });
  await expect(plugin({ ARM_OIDC_TOKEN: token }).get(groups, { resourceGroupName: "rg" })).rejects.toThrow(
    "AADSTS700213",
  );
});

test("the program's own questions log in as the plugin does", async () => {
  const asked: string[] = [];
  const arm = plugin();
  await pulumi.runtime.setMocks({
    newResource: ({ name }) => ({ id: name, state: {} }),
    call: ({ token, inputs }) => {
      asked.push(token);
      return invoke(arm, token, inputs as Properties);
    },
  });
  const { compute, network } = await connect({ metadataHost: variables["ARM_METADATA_HOSTNAME"]! }, {});
  const names: (string | undefined)[] = [];
  for await (const { name } of network.virtualNetworks.list("rg")) names.push(name);
  expect(names).toEqual([]);
  await expect(compute.virtualMachines.beginDelete("rg", "vm")).rejects.toMatchObject({ code: "AuthorizationFailed" });
  // Nothing else than the provider knows how to log in.
  expect([...new Set(asked)].sort()).toEqual([
    "azure-native:authorization:getClientConfig",
    "azure-native:authorization:getClientToken",
  ]);
});
