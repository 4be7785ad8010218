/** What is asked of dev about its secrets: who reads which, and what happens when one changes. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { acmeAccountSecret, certificateSecret } from "../../environment/certificates.ts";
import { daemonStatus } from "../cli/daemon.ts";
import { eventually, lab, on, status, type Result } from "../commands.ts";
import { credentials, stackSecret } from "../credentials.ts";
import { root, stateDir } from "../paths.ts";
import { managementHost, storageSuffix, vaultSuffix } from "../serviceNames.ts";
import { names, untilWhole } from "./groupStatus.ts";
import { consoleOf } from "./target.ts";
import { failuresDuring } from "./underLoad.ts";
import { outputOf, Vault } from "./vault.ts";

const www = "http://www.dev.chatbot.example/";
/** The stack file's `vault.refresh`, as it is by default. */
const refreshSeconds = 60;

interface Application {
  name: string;
  secrets?: Record<string, string>;
}
const stackFile = load(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
  config: { "platform:environment": { tiers: Record<string, { applications?: Application[] }> } };
};

/** `--set` for a tier whose application has secrets besides its own. */
export function withSecrets(tier: string, secrets: Record<string, string>): string[] {
  const applications = stackFile.config["platform:environment"].tiers[tier]?.applications ?? [];
  const more = applications.map((one) => ({ ...one, secrets: { ...one.secrets, ...secrets } }));
  return ["--set", `tiers.${tier}.applications=${JSON.stringify(more)}`];
}

/** Two kinds of servers have a secret of their own besides the database's. */
export const moreSecrets = [
  ...withSecrets("front", { SESSION_KEY: "sessionKey" }),
  ...withSecrets("machine-learning", { MODEL_KEY: "modelKey" }),
];
const expected: Record<string, string[]> = {
  back: ["databaseLogin"],
  "back-balancer": [],
  data: ["databaseLogin"],
  front: ["sessionKey"],
  "machine-learning": ["modelKey"],
  "reverse-proxy": [],
};

/** A request that a machine makes with a token of its own identity. */
interface Question {
  name: string;
  resource: string;
  method: string;
  url: string;
}

/** Runs as root on a machine: prints `[name, status, answer]` of each question, and of tokens of each identity. */
const asking = (own: string, clients: Record<string, string>, questions: Question[]) => `
import json, time, urllib.error, urllib.parse, urllib.request
def ask(method, url, **headers):
    data = b'{"value":"x"}' if method == "PUT" else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
def token(resource, client):
    query = urllib.parse.urlencode({"api-version": "2018-02-01", "resource": resource, "client_id": client})
    for _ in range(4):
        status, body = ask("GET", "http://169.254.169.254/metadata/identity/oauth2/token?" + query, Metadata="true")
        # To be asked again, as documented.
        if status < 500: break
        time.sleep(1)
    return status, json.loads(body)["access_token"] if status == 200 else ""
for question in json.loads(${JSON.stringify(JSON.stringify(questions))}):
    status, bearer = token(question["resource"], ${JSON.stringify(own)})
    more = {"x-ms-version": "2024-11-04", "Content-Type": "application/json"}
    if status == 200: status, body = ask(question["method"], question["url"], Authorization="Bearer " + bearer, **more)
    print(json.dumps([question["name"], status, json.loads(body).get("value") if question["name"] == "subscriptions" else ""]))
for name, client in json.loads(${JSON.stringify(JSON.stringify(clients))}).items():
    print(json.dumps(["identity of " + name, token("https://management.azure.com/", client)[0], ""]))
`;

/** Client IDs by tier, as the inventory tells them. */
function clientIds(): Record<string, string> {
  const text = readFileSync(join(root, "ansible", "inventory", "dev.yml"), "utf8");
  const { all } = load(text) as { all: { children: Record<string, { vars?: Record<string, string> }> } };
  const groups = Object.values(all.children).flatMap(({ vars }) => (vars?.["platform_identity"] ? [vars] : []));
  return Object.fromEntries(
    groups.map((vars) => {
      const suffix = vars["platform_kind"] === "balancer" ? "-balancer" : "";
      return [`${vars["platform_tier"]}${suffix}`, vars["platform_identity"] ?? ""];
    }),
  );
}

async function runPython(machine: string, script: string): Promise<string[]> {
  const encoded = Buffer.from(script).toString("base64");
  const {
    status: ended,
    stdout,
    output,
  } = await on(machine, "sudo", "sh", "-c", `'echo ${encoded} | base64 -d | python3 -'`);
  expect(ended, output).toBe(0);
  return stdout.split("\n").filter(Boolean);
}

/** One machine of each group, by its tier. */
async function oneOfEach(): Promise<Map<string, string>> {
  const { machines } = await status("dev");
  return new Map(machines.map(({ tier, name }) => [tier, name]));
}

/** Which login of the database the machines of a tier have in their files, each once. */
const loginsInFiles = async (tier: string): Promise<string[]> => {
  const files = await Promise.all(
    names(tier, await status("dev")).map((name) =>
      on(name, "sudo", "grep", "-h", "^PGUSER=", "/etc/platform/env/back.env"),
    ),
  );
  return [...new Set(files.map(({ stdout }) => stdout.trim()))];
};

/** The logins that are connected to the database, each once. */
const loginsInUse = async (): Promise<string[]> => {
  const data = (await oneOfEach()).get("data") ?? "";
  const query =
    "select distinct usename from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and usename <> 'postgres' order by 1";
  const {
    stdout,
    output,
    status: ended,
  } = await on(data, "sudo", "-u", "postgres", "psql", "-XAtc", `"${query}"`, "platform");
  expect(ended, output).toBe(0);
  return stdout.split("\n").filter(Boolean);
};

/** Looks at the arguments of all processes of this host, those in machines too, until it is stopped. */
export function watchArguments(values: string[]): () => string[] {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (values.some((value) => text.includes(value))) seen.add(text.split("\0")[0] ?? pid);
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, 150);
  return () => {
    clearInterval(timer);
    return [...seen];
  };
}

/** Files of a machine in which one of the values stands. */
async function filesWith(machine: string, values: string[]): Promise<string[]> {
  const patterns = Buffer.from(values.join("\n")).toString("base64");
  const { stdout } = await on(
    machine,
    "sudo",
    "sh",
    "-c",
    `'echo ${patterns} | base64 -d >/dev/shm/p; grep -rlaF -f /dev/shm/p /etc /var /srv /opt /root /home /tmp /run /usr/local 2>/dev/null; rm /dev/shm/p'`,
  );
  return stdout.split("\n").filter(Boolean).sort();
}

/** What is secret in dev with more secrets, by the secrets' names. */
const secretValues = (): Record<string, string> => ({
  databaseLogin: (JSON.parse(stackSecret("databaseLogin", ["user", "password"])) as { password: string }).password,
  modelKey: stackSecret("modelKey"),
  sessionKey: stackSecret("sessionKey"),
});

/** Gives dev more secrets, and what the settings say; no value is an argument of any process meanwhile. */
export async function upWithMoreSecrets(...settings: string[]): Promise<Result> {
  const stop = watchArguments(Object.values(secretValues()));
  const up = await lab("up", "dev", ...moreSecrets, ...settings);
  expect(stop()).toEqual([]);
  return up;
}

/** Registers the questions as tests, which build on each other, in their order. dev has got more secrets before. */
export function secrets(): void {
  let vault: Vault;
  let values: Record<string, string>;

  test("a new secret reaches its kind of machines, and no other: everything else is refused", async () => {
    values = secretValues();
    await untilWhole();
    vault = await Vault.open("dev");
    const given = Object.keys(values);
    const ofProxies = [
      acmeAccountSecret,
      ...["api", "www"].map((name) => certificateSecret(`${name}.dev.chatbot.example`)),
    ];
    expect(await vault.names()).toEqual([...given, ...ofProxies].sort());
    const secret = (name: string) => `${vault.uri}/secrets/${name}?api-version=7.4`;
    const ofVault = { resource: `https://${vaultSuffix}`, method: "GET" };
    const all = [...given, ...ofProxies];
    const blobs = `https://${await outputOf("dev", "storageAccount")}.blob.${storageSuffix}`;
    const ofBlobs = { resource: "https://storage.azure.com/", method: "GET" };
    const changing = (names: readonly string[]) =>
      names.flatMap((name) => [
        { ...ofVault, name: `set ${name}`, method: "PUT", url: secret(name) },
        { ...ofVault, name: `delete ${name}`, method: "DELETE", url: secret(name) },
      ]);
    const questions: Question[] = [
      ...all.map((name) => ({ ...ofVault, name: `read ${name}`, url: secret(name) })),
      ...changing(given),
      { ...ofVault, name: "list secrets", url: `${vault.uri}/secrets?api-version=7.4` },
      { ...ofVault, name: "list deleted secrets", url: `${vault.uri}/deletedsecrets?api-version=7.4` },
      {
        name: "subscriptions",
        resource: "https://management.azure.com/",
        method: "GET",
        url: `https://${managementHost}/subscriptions?api-version=2022-12-01`,
      },
      {
        name: "resource group",
        resource: "https://management.azure.com/",
        method: "GET",
        url: `https://${managementHost}/subscriptions/${credentials().subscriptionId}/resourceGroups/rg-platform-dev?api-version=2024-03-01`,
      },
      { ...ofBlobs, name: "list artifacts", url: `${blobs}/artifacts?restype=container&comp=list` },
      { ...ofBlobs, name: "write an artifact", method: "PUT", url: `${blobs}/artifacts/applications/planted` },
      { ...ofBlobs, name: "list backups", url: `${blobs}/backups?restype=container&comp=list` },
      { ...ofBlobs, name: "list certificates", url: `${blobs}/certificates?restype=container&comp=list` },
    ];
    // Reverse proxies may change theirs, and would.
    const asked = (tier: string) => (tier === "reverse-proxy" ? questions : [...questions, ...changing(ofProxies)]);
    const clients = clientIds();
    const withApplications = ["front", "back", "machine-learning"];
    const rows: Record<string, Record<string, string>> = {};
    for (const [tier, name] of await oneOfEach()) {
      const row: Record<string, string> = {};
      for (const line of await runPython(name, asking(clients[tier] ?? "", clients, asked(tier)))) {
        const [question, code, value] = JSON.parse(line) as [string, number, unknown];
        row[question] = `${code}${value ? ` ${JSON.stringify(value)}` : ""}`;
      }
      rows[tier] = row;
    }
    console.table(rows);
    expect(Object.keys(rows).sort()).toEqual(Object.keys(clients).sort());
    for (const [tier, row] of Object.entries(rows)) {
      const allowed: Record<string, string> = {
        ...Object.fromEntries((expected[tier] ?? []).map((name) => [`read ${name}`, "200"])),
        ...(tier === "reverse-proxy"
          ? { ...Object.fromEntries(ofProxies.map((name) => [`read ${name}`, "200"])), "list certificates": "200" }
          : {}),
        [`identity of ${tier}`]: "200",
        ...(withApplications.includes(tier) ? { "list artifacts": "200" } : {}),
        // Without a role nobody sees a subscription.
        subscriptions: "200 []",
      };
      for (const [what, code] of Object.entries(row)) {
        const refusal = what.startsWith("identity of ") ? "400" : "403";
        expect(`${tier}: ${what}: ${code}`).toBe(`${tier}: ${what}: ${allowed[what] ?? refusal}`);
      }
      expect(Object.keys(row)).toHaveLength(asked(tier).length + Object.keys(clients).length);
    }
  }, 600_000);

  test("an application's account reads its own secrets and nothing else, and gets no token", async () => {
    const machine = (await oneOfEach()).get("back") ?? "";
    const as = (account: string, command: string) => on(machine, "sudo", "-u", account, "sh", "-c", `'${command}'`);
    expect((await as("back", "cat /etc/platform/env/back.env")).stdout).toContain("PGPASSWORD=");
    expect((await as("back", "cat /etc/platform/secrets.json")).status).not.toBe(0);
    const metadata = "curl -sS --max-time 5 -H Metadata:true http://169.254.169.254/metadata/versions";
    expect((await as("root", metadata)).status).toBe(0);
    expect((await as("back", metadata)).status).not.toBe(0);
    // An account that is none of the program.
    expect((await as("nobody", metadata)).status).not.toBe(0);
    expect((await as("nobody", "cat /etc/platform/env/back.env /etc/platform/secrets.json")).stdout).toBe("");
  });

  test("the database's login is changed under load: soon in use everywhere, no request fails, no value is seen", async () => {
    const before = JSON.parse(await vault.get("databaseLogin")) as { user: string; password: string };
    const user = before.user === "platform_a" ? "platform_b" : "platform_a";
    const password = randomBytes(24).toString("base64url");
    const stop = watchArguments([password, before.password]);
    const failures = await failuresDuring([`3 GET ${www}`, `1 POST ${www} {"text":"{{id}}"}`], async () => {
      await vault.set("databaseLogin", JSON.stringify({ user, password }));
      const started = Date.now();
      await eventually(
        () => loginsInFiles("back"),
        (found) => found.join() === `PGUSER='${user}'`,
        refreshSeconds,
      );
      await eventually(loginsInUse, (found) => found.join() === user, refreshSeconds);
      const seconds = (Date.now() - started) / 1000;
      console.log(`in use after ${seconds} s`);
      expect(seconds).toBeLessThanOrEqual(refreshSeconds);
    });
    expect(stop()).toEqual([]);
    expect(failures).toEqual([]);
    values["changed"] = password;
  }, 600_000);

  test("no value is anywhere but where it is used", async () => {
    const found: Record<string, string[]> = {};
    for (const [tier, name] of await oneOfEach()) found[tier] = await filesWith(name, Object.values(values));
    expect(found).toEqual({
      back: ["/etc/platform/env/back.env", "/etc/platform/secrets.json"],
      "back-balancer": [],
      data: ["/etc/platform/secrets.json"],
      front: ["/etc/platform/env/front.env", "/etc/platform/secrets.json"],
      "machine-learning": ["/etc/platform/env/machine-learning.env", "/etc/platform/secrets.json"],
      "reverse-proxy": [],
    });
    const files = readdirSync(stateDir).filter((name) => /\.log(\.\d)?$/.test(name));
    expect(files.length).toBeGreaterThan(1);
    const world = (await daemonStatus())?.world;
    const customData = [...new Set(world?.machines.map((machine) => machine.customData ?? ""))];
    expect(customData.length).toBeGreaterThan(1);
    const texts: [string, string][] = [
      ["state", (await lab("pulumi", "stack", "export", "--stack", "dev")).stdout],
      ["inventory", readFileSync(join(root, "ansible", "inventory", "dev.yml"), "utf8")],
      ...files.map((file): [string, string] => [file, readFileSync(join(stateDir, file), "utf8")]),
      ...customData.map((data): [string, string] => [
        "custom data",
        gunzipSync(Buffer.from(data, "base64")).toString(),
      ]),
      ...(await consoles()),
    ];
    for (const [where, text] of texts) {
      expect(text.length, where).toBeGreaterThan(0);
      for (const [name, value] of Object.entries(values))
        expect(text.includes(value), `${name} in ${where}`).toBe(false);
    }
  }, 300_000);
}

/** What machines have written to their serial consoles. */
async function consoles(): Promise<[string, string][]> {
  const machines = [...(await oneOfEach()).values()];
  return Promise.all(
    machines.map(async (name): Promise<[string, string]> => [`console of ${name}`, await consoleOf(name)]),
  );
}
