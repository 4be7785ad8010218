/** The vault and the roles of a stack of the lab, as its deployer sees them, from where administrators come. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import { authority } from "../authority.ts";
import { asAdministrator, eventually, lab } from "../commands.ts";
import { credentials } from "../credentials.ts";
import { armPort } from "../settings.ts";

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-officer */
const secretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function tokenFor(resource: string): Promise<string> {
  const { tenantId, clientId, clientSecret } = credentials();
  const authorityHost = `https://127.0.0.1:${armPort}`;
  const tlsOptions = { ca: readFileSync(authority().caFile, "utf8") };
  const login = { authorityHost, disableInstanceDiscovery: true, tlsOptions };
  const { token } = await new ClientSecretCredential(tenantId, clientId, clientSecret, login).getToken(
    `${resource}/.default`,
  );
  return token;
}

/** A request, with a token in a file of curl's, so that neither it nor a value is in any argument. */
async function request(method: string, url: string, token: string, body?: object): Promise<Answer> {
  const options = [
    `request = "${method}"`,
    `header = "Authorization: Bearer ${token}"`,
    ...(body ? ['header = "Content-Type: application/json"', `data = ${JSON.stringify(JSON.stringify(body))}`] : []),
  ];
  const script = `curl -sS --max-time 20 --cacert ${authority().caFile} --write-out '\\n%{http_code}' --config - '${url}'`;
  const { stdout, stderr } = await asAdministrator("sh", "-c", `${script} <<'END'\n${options.join("\n")}\nEND`);
  const [, text = "", status = ""] = /^(.*)\n(\d+)$/s.exec(stdout) ?? [];
  if (status === "" || status === "000") throw new Error(`${method} ${url}: ${stderr}`);
  return { status: Number(status), body: text === "" ? {} : (JSON.parse(text) as Answer["body"]) };
}

/** What a stack says of itself. */
async function output(stack: string, name: string): Promise<string> {
  return (await lab("pulumi", "stack", "output", name, "--stack", stack)).stdout.trim();
}

/** The vault of a stack, for somebody who may set its secrets. */
export class Vault {
  readonly uri: string;
  readonly #token: string;

  private constructor(uri: string, token: string) {
    this.uri = uri;
    this.#token = token;
  }

  /** Gives the deployer the role, as docs/secrets.md says, and waits until it is in effect. */
  static async open(stack: string): Promise<Vault> {
    const uri = (await output(stack, "vaultUri")).replace(/\/$/, "");
    const { hostname } = new URL(uri);
    const [name = "", ...domain] = hostname.split(".");
    const { subscriptionId, clientId } = credentials();
    const scope = `/subscriptions/${subscriptionId}/resourceGroups/rg-platform-${stack}/providers/Microsoft.KeyVault/vaults/${name}`;
    const role = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${secretsOfficer}`;
    const assigned = await request(
      "PUT",
      `https://management.azure.example${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
      await tokenFor("https://management.azure.com"),
      { properties: { roleDefinitionId: role, principalId: clientId, principalType: "ServicePrincipal" } },
    );
    // Once is enough.
    if (![201, 409].includes(assigned.status)) throw new Error(JSON.stringify(assigned));
    const vault = new Vault(uri, await tokenFor(`https://${domain.join(".")}`));
    await eventually(
      () => vault.ask("GET", "secrets"),
      ({ status }) => status === 200,
      120,
    );
    return vault;
  }

  ask(method: string, path: string, body?: object): Promise<Answer> {
    return request(method, `${this.uri}/${path}?api-version=7.4`, this.#token, body);
  }

  async get(name: string): Promise<string> {
    const { status, body } = await this.ask("GET", `secrets/${name}`);
    if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
    return String(body["value"]);
  }

  async set(name: string, value: string): Promise<void> {
    const { status, body } = await this.ask("PUT", `secrets/${name}`, { value });
    if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
  }

  /** Names of all secrets. */
  async names(): Promise<string[]> {
    const { body } = await this.ask("GET", "secrets");
    return (body["value"] as { id: string }[]).map(({ id }) => id.split("/").at(-1) ?? "").sort();
  }
}
