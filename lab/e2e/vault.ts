/** The vault and the roles of a stack of the lab, as its deployer sees them, from where administrators come. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authority } from "../authority.ts";
import { asAdministrator, eventually, lab } from "../commands.ts";
import { credentials } from "../credentials.ts";
import { deployer } from "../deployer.ts";
import { managementHost, vaultSuffix } from "../serviceNames.ts";

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-officer */
const secretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

export interface Answer {
  status: number;
  text: string;
}

/** A version of a secret. */
export interface Version {
  /** Seconds since 1970. */
  attributes: { created: number };
  contentType?: string;
}

export async function tokenFor(resource: string): Promise<string> {
  return (await deployer().credential.getToken(`${resource}/.default`)).token;
}

/** A request of curl's, with its token and body in a file, so that neither is an argument of any process. */
export async function request(method: string, url: string, token: string, body?: object | string): Promise<Answer> {
  const directory = mkdtempSync(join(tmpdir(), "request-"));
  try {
    const file = join(directory, "curl");
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    const options = [
      `request = "${method}"`,
      `header = "Authorization: Bearer ${token}"`,
      'header = "x-ms-version: 2024-11-04"',
      ...(typeof body === "object"
        ? ['header = "Content-Type: application/json"']
        : ['header = "x-ms-blob-type: BlockBlob"']),
      ...(text === undefined ? [] : [`data = ${JSON.stringify(text)}`]),
    ];
    writeFileSync(file, options.join("\n"), { mode: 0o600 });
    const how = ["-sS", "--max-time", "20", "--cacert", authority().caFile, "--write-out", "\\n%{http_code}"];
    const { stdout, stderr } = await asAdministrator("curl", ...how, "--config", file, url);
    const [, answer = "", status = ""] = /^(.*)\n(\d+)$/s.exec(stdout) ?? [];
    if (status === "" || status === "000") throw new Error(`${method} ${url}: ${stderr}`);
    return { status: Number(status), text: answer };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What a stack says of itself. */
export async function outputOf(stack: string, name: string): Promise<string> {
  return (await lab("pulumi", "stack", "output", name, "--stack", stack)).stdout.trim();
}

/** Gives the deployer a role on a resource of a stack, as docs/secrets.md says. Once is enough. */
export async function giveRole(stack: string, resource: string, role: string): Promise<void> {
  const { subscriptionId, clientId } = credentials();
  const subscription = `/subscriptions/${subscriptionId}`;
  const scope = `${subscription}/resourceGroups/rg-platform-${stack}/providers/${resource}`;
  const { status, text } = await request(
    "PUT",
    `https://${managementHost}${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    await tokenFor("https://management.azure.com"),
    {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId: clientId,
        principalType: "ServicePrincipal",
      },
    },
  );
  if (![201, 409].includes(status)) throw new Error(text);
}

/** The vault of a stack, for somebody who may set its secrets. */
export class Vault {
  readonly uri: string;
  readonly #token: string;

  private constructor(uri: string, token: string) {
    this.uri = uri;
    this.#token = token;
  }

  /** The vault of that name; by default the one that the stack's outputs name. Takes the role first, and waits until it is in effect. */
  static async open(stack: string, given?: string): Promise<Vault> {
    const name = given ?? new URL(await outputOf(stack, "vaultUri")).hostname.split(".")[0] ?? "";
    await giveRole(stack, `Microsoft.KeyVault/vaults/${name}`, secretsOfficer);
    const vault = new Vault(`https://${name}.${vaultSuffix}`, await tokenFor(`https://${vaultSuffix}`));
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

  async #parsed(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const { status, text } = await this.ask(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async get(name: string): Promise<string> {
    return String((await this.#parsed("GET", `secrets/${name}`))["value"]);
  }

  async set(name: string, value: string): Promise<void> {
    await this.#parsed("PUT", `secrets/${name}`, { value });
  }

  /** The versions of a secret, oldest first, without their values. */
  async versions(name: string): Promise<Version[]> {
    const found: Version[] = [];
    let url: string | null = `${this.uri}/secrets/${name}/versions?api-version=7.4`;
    while (url !== null) {
      const { status, text }: Answer = await request("GET", url, this.#token);
      if (status !== 200) throw new Error(`GET ${url}: ${status} ${text}`);
      const page = JSON.parse(text) as { value: Version[]; nextLink: string | null };
      found.push(...page.value);
      url = page.nextLink;
    }
    return found.sort((one, other) => one.attributes.created - other.attributes.created);
  }

  /** Names of all secrets. */
  async names(): Promise<string[]> {
    const { value } = await this.#parsed("GET", "secrets");
    return (value as { id: string }[]).map(({ id }) => id.split("/").at(-1) ?? "").sort();
  }
}
