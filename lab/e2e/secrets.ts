/** What is asked of dev about its secrets: who reads which, and what happens when one changes. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { eventually, lab, on, status } from "../commands.ts";
import { root, stateDir } from "../paths.ts";
import { untilWhole } from "./groupStatus.ts";
import { failuresDuring } from "./underLoad.ts";
import { Vault } from "./vault.ts";

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

/** Runs as root on a machine, with its own identity: what each question answers, one line each. */
const asking = (clientIds: string[], questions: [resource: string, url: string][]) => `
import json, ssl, urllib.error, urllib.parse, urllib.request
def ask(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
own = json.load(open("/etc/platform/vault.json"))["client_id"]
def token(resource, client):
    query = urllib.parse.urlencode({"api-version": "2018-02-01", "resource": resource, "client_id": client})
    return ask("http://169.254.169.254/metadata/identity/oauth2/token?" + query, Metadata="true")
for resource, url in ${JSON.stringify(questions)}:
    status, body = token(resource, own)
    print(url, status if status != 200 else ask(url, Authorization="Bearer " + json.loads(body)["access_token"], **{"x-ms-version": "2024-11-04"})[0])
for client in ${JSON.stringify(clientIds)}:
    if client != own: print("identity", token("https://management.azure.com/", client)[0])
`;

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
  const { machines } = await status("dev");
  const files = await Promise.all(
    machines
      .filter((one) => one.tier === tier)
      .map(({ name }) => on(name, "sudo", "grep", "-h", "^PGUSER=", "/srv/back/shared/secrets.env")),
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
  return stdout.split("\n").filter(Boolean);
}

/** Registers the questions as tests, which build on each other, in their order. They leave dev with more secrets. */
export function secrets(): void {
  let vault: Vault;

  test("a new secret reaches its kind of machines, and no other: everything else is refused", async () => {
    await lab("up", "dev", ...moreSecrets);
    await untilWhole();
    vault = await Vault.open("dev");
    expect(await vault.names()).toEqual(["databaseLogin", "modelKey", "sessionKey"]);
    const domain = new URL(vault.uri).hostname.split(".").slice(1).join(".");
    const account = (await lab("pulumi", "stack", "output", "storageAccount", "--stack", "dev")).stdout.trim();
    const questions: [string, string][] = [
      ...(await vault.names()).map((name): [string, string] => [
        `https://${domain}`,
        `${vault.uri}/secrets/${name}?api-version=7.4`,
      ]),
      [`https://${domain}`, `${vault.uri}/secrets?api-version=7.4`],
      ["https://management.azure.com/", "https://management.azure.example/subscriptions?api-version=2022-12-01"],
      [
        "https://storage.azure.com/",
        `https://${account}.blob.core.azure.example/artifacts?restype=container&comp=list`,
      ],
    ];
    const machines = [...(await oneOfEach())];
    const clientIds = await Promise.all(
      machines.map(async ([, name]) =>
        (
          await on(
            name,
            "sudo",
            "python3",
            "-c",
            `'import json;print(json.load(open("/etc/platform/vault.json"))["client_id"])'`,
          )
        ).stdout.trim(),
      ),
    );
    expect(new Set(clientIds).size).toBe(machines.length);
    const rows: Record<string, Record<string, string>> = {};
    for (const [tier, name] of machines) {
      const lines = await runPython(name, asking(clientIds, questions));
      const row: Record<string, string> = {};
      lines.forEach((line) => {
        const [what = "", code = ""] = line.split(" ");
        row[what === "identity" ? "another identity" : new URL(what).pathname] = code;
      });
      rows[tier] = row;
    }
    console.table(rows);
    for (const [tier, row] of Object.entries(rows)) {
      for (const [what, code] of Object.entries(row)) {
        const own = expected[tier]?.some((name) => what === `/secrets/${name}`);
        // An identity without a role sees no subscription: an empty list.
        const wanted = own || what === "/subscriptions" ? "200" : what === "another identity" ? "400" : "403";
        expect(`${tier} ${what} ${code}`).toBe(`${tier} ${what} ${wanted}`);
      }
    }
  }, 600_000);

  test("an application's account reads its own secrets and nothing else, and gets no token", async () => {
    const machine = (await oneOfEach()).get("back") ?? "";
    const as = (account: string, command: string) => on(machine, "sudo", "-u", account, "sh", "-c", `'${command}'`);
    expect((await as("back", "cat /srv/back/shared/secrets.env")).stdout).toContain("PGPASSWORD=");
    expect((await as("back", "cat /etc/platform/secrets.json")).status).not.toBe(0);
    const metadata = "curl -sS --max-time 5 -H Metadata:true http://169.254.169.254/metadata/versions";
    expect((await as("root", metadata)).status).toBe(0);
    expect((await as("back", metadata)).status).not.toBe(0);
    // An account that is none of the program.
    expect((await as("nobody", metadata)).status).not.toBe(0);
    expect((await as("nobody", "cat /srv/back/shared/secrets.env /etc/platform/secrets.json")).stdout).toBe("");
  });

  test("the database's login is changed under load: soon in use everywhere, no request fails, no value is seen", async () => {
    const before = JSON.parse(await vault.get("databaseLogin")) as { user: string; password: string };
    const user = before.user === "platform_a" ? "platform_b" : "platform_a";
    const password = randomBytes(24).toString("base64url");
    const stop = watchArguments([password, before.password]);
    const failures = await failuresDuring(
      [`3 GET ${www}`, `1 POST ${www} {"text":"{{id}}"}`],
      async () => {
        await vault.set("databaseLogin", JSON.stringify({ user, password }));
        const started = Date.now();
        await eventually(
          () => loginsInFiles("back"),
          (found) => found.join() === `PGUSER='${user}'`,
          refreshSeconds + 5,
        );
        await eventually(loginsInUse, (found) => found.join() === user, refreshSeconds + 5);
        const seconds = (Date.now() - started) / 1000;
        console.log(`in use after ${seconds} s`);
        expect(seconds).toBeLessThanOrEqual(refreshSeconds + 5);
      },
      60,
    );
    expect(stop()).toEqual([]);
    expect(failures).toEqual([]);
    const found: Record<string, string[]> = {};
    for (const [tier, name] of await oneOfEach()) found[tier] = await filesWith(name, [password, before.password]);
    expect(found).toEqual({
      back: ["/etc/platform/secrets.json", "/srv/back/shared/secrets.env"],
      "back-balancer": [],
      data: ["/etc/platform/secrets.json"],
      front: [],
      "machine-learning": [],
      "reverse-proxy": [],
    });
    const state = await lab("pulumi", "stack", "export", "--stack", "dev");
    expect(state.stdout).not.toContain(before.password);
    const logs = readdirSync(stateDir).filter((name) => name.endsWith(".log"));
    expect(logs.length).toBeGreaterThan(1);
    for (const log of logs) expect(readFileSync(join(stateDir, log), "utf8").includes(password), log).toBe(false);
  }, 600_000);
}
