/**
 * The tools environment with stand-ins for GitLab and its runners (lab/standins): the roles install, configure, register,
 * back up and restore them as they would the real ones. The tests build on each other, in their order. They do not prove
 * anything about GitLab or Azure itself; Azure's waits are shortened.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, lab, on, outside, run, status } from "../../commands.ts";
import { root } from "../../paths.ts";
import { storageSuffix } from "../../serviceNames.ts";
import { quoted } from "../../shell.ts";
import { outputOf, Vault } from "../vault.ts";

/** Of the host, whose kernel the machines share. */
const kernelSettings = () => ["panic", "panic_on_oops"].map((name) => readFileSync(`/proc/sys/kernel/${name}`, "utf8"));

const host = "gitlab.tools.chatbot.example";
/** With an address of its own and no peers, so that no other environment need be up, and by HTTP alone. */
const alone = ["--set", "reverseProxy.public=true", "reverseProxy.tls.redirect=false", "peers={}"];

let before: string[];
let gitlab: string;
let runners: string[];
/** Names by which the runners know themselves. */
let hostNames: string[];
beforeAll(async () => {
  process.env.LAB_REPAIR_GRACE = "15";
  before = kernelSettings();
  await lab("down");
  await lab("up", "tools", ...alone);
  const { machines } = await status("tools");
  gitlab = machines.find(({ tier }) => tier === "gitlab")?.name ?? "";
  const others = machines.filter(({ tier }) => tier === "runner");
  runners = others.map(({ name }) => name);
  hostNames = others.map(({ hostName }) => hostName);
});
afterAll(async () => {
  await lab("down");
});

/** What a script of root's on a machine prints. */
async function asRoot(machine: string, script: string): Promise<string> {
  const { stdout, output, status: ended } = await on(machine, "sudo", "sh", "-euc", quoted(script));
  if (ended !== 0) throw new Error(`${machine}: ${output}`);
  return stdout.trim();
}

const password = `password=$(sed -n 's/^Password: //p' /etc/gitlab/initial_root_password)`;

/** GitLab's API, as root; a body makes it a POST. */
async function api(path: string, body?: object): Promise<unknown> {
  const data = body ? `--json '${JSON.stringify(body)}'` : "";
  const asked = `${password}; curl -sSf --header "PRIVATE-TOKEN: $password" ${data} http://127.0.0.1/api/v4/${path}`;
  return JSON.parse(await asRoot(gitlab, asked));
}

/** Commits a file with these words, and a job that tells them and the machine on which it runs. */
async function push(words: string): Promise<void> {
  const pipeline = `tell:\\n  script: ["echo ${words} on $(hostname)"]\\n`;
  await asRoot(
    gitlab,
    `${password}; folder=$(mktemp -d); cd $folder; git init -q -b main
     printf '${pipeline}' >.gitlab-ci.yml; git add .
     git -c user.name=Test -c user.email=test@example.com commit -qm '${words}'
     git push -q --force http://root:$password@127.0.0.1/root/app.git main; rm -rf $folder`,
  );
}

test("GitLab and its runners are installed, healthy and in rotation", async () => {
  const { machines, loadBalancers } = await eventually(
    async () => status("tools"),
    (found) => found.machines.every(({ health }) => health === "Healthy"),
    120,
  );
  expect(machines.map(({ health }) => health)).toEqual(machines.map(() => "Healthy"));
  expect(runners).toHaveLength(2);
  const states = loadBalancers
    .filter(({ tier }) => tier === "gitlab")
    .map(({ members }) => members.map(({ state }) => state));
  expect(states).toEqual([["up"]]);
  expect(await asRoot(gitlab, "dpkg-query --show --showformat='${Version}' gitlab-ee")).toContain("+lab.");
}, 300_000);

test("people reach GitLab by its name, through the reverse proxy", async () => {
  const address = await outputOf("tools", "publicAddress");
  const asked = ["curl", "-sS", "--max-time", "20", "--resolve", `${host}:80:${address}`, `http://${host}/`];
  expect((await outside(...asked)).stdout).toContain("stand-in");
  // GitLab says this of itself to its own machine alone.
  expect((await outside(...asked.slice(0, -1), `http://${host}/-/readiness`)).stdout).toContain("404");
});

test("runners without a token are healthy, and those that got one from the vault run the jobs of a push", async () => {
  await api("projects", { name: "app" });
  await push("first");
  expect(await api("projects/1/jobs")).toMatchObject([{ status: "pending" }]);
  const { token } = (await api("user/runners", { runner_type: "instance_type" })) as { token: string };
  await (await Vault.open("tools")).set("runnerToken", token);
  const jobs = await eventually(
    async () => (await api("projects/1/jobs")) as { status: string }[],
    (found) => found.every((job) => job.status === "success"),
    180,
  );
  expect(jobs).toHaveLength(1);
  const trace = await asRoot(
    gitlab,
    `${password}; curl -sSf -H "PRIVATE-TOKEN: $password" http://127.0.0.1/api/v4/projects/1/jobs/1/trace`,
  );
  expect(
    hostNames.some((name) => trace.includes(`first on ${name}`)),
    trace,
  ).toBe(true);
  for (const name of runners) {
    await eventually(
      () => asRoot(name, "cat /etc/gitlab-runner/config.toml"),
      (text) => text.includes(token),
      120,
    );
    expect(await asRoot(name, "stat -c %a /etc/gitlab-runner/config.toml")).toBe("600");
  }
}, 600_000);

test("a token that GitLab does not know is told, and the one before stays in use", async () => {
  const vault = await Vault.open("tools");
  const token = await vault.get("runnerToken");
  const [runner = ""] = runners;
  await vault.set("runnerToken", "glrt-0123456789abcdefghij");
  await asRoot(runner, "platform-secrets refresh");
  expect(await asRoot(runner, "cat /etc/gitlab-runner/config.toml")).toContain(token);
  // By this refresh, or by the one that its timer ran before.
  expect(await asRoot(runner, "cat /run/platform-secrets.json")).toContain("it has no runner with this token");
  await vault.set("runnerToken", token);
  await asRoot(runner, "platform-secrets refresh");
}, 300_000);

test("a backup by the timer's unit is restored after everything was lost, by its own commands", async () => {
  await asRoot(gitlab, "systemctl start platform-gitlab-backup.service");
  const listed = await asRoot(gitlab, "platform-gitlab list");
  expect(listed).toMatch(/^\d{8}T\d{6}Z gitlab-ee \S+ \d+ \d{4}-\d\d-\d\d /);
  const secrets = await asRoot(gitlab, "sha256sum </etc/gitlab/gitlab-secrets.json");
  await push("after the backup");
  await asRoot(
    gitlab,
    `systemctl stop gitlab-runsvdir.service
     rm -rf /var/opt/gitlab/* /etc/gitlab/gitlab-secrets.json /var/lib/platform/gitlab.json
     platform-gitlab configure`,
  );
  await asRoot(gitlab, "platform-drain run platform-gitlab restore latest --yes");
  expect(await asRoot(gitlab, "sha256sum </etc/gitlab/gitlab-secrets.json")).toBe(secrets);
  // The password of the empty one is not that of the restored one, so the runners are asked: their token is known again.
  const [runner = ""] = runners;
  const verified = await asRoot(
    runner,
    `token=$(sed -n 's/^  token = "\\(.*\\)"$/\\1/p' /etc/gitlab-runner/config.toml)
     curl -sS -o /dev/null -w '%{http_code}' --data "token=$token" http://gitlab.tools.chatbot.internal/api/v4/runners/verify`,
  );
  expect(verified).toBe("200");
  const log = await asRoot(
    gitlab,
    "git -C /var/opt/gitlab/repositories/app.git -c safe.directory='*' log --format=%s main",
  );
  expect(log).toBe("first");
}, 600_000);

test("GitLab's machine writes backups and nothing else of the store, and a runner nothing at all", async () => {
  const account = await outputOf("tools", "storageAccount");
  const put = (container: string) => `import sys; sys.path.append("/usr/local/lib/platform")
import azure_services as a, json, urllib.error, urllib.request
for name in ("gitlab.json", "vault.json"):
    settings = a.read_json(f"/etc/platform/{name}", {})
    if settings: break
token = a.new_token("https://storage.azure.com/", settings["client_id"])
headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2024-11-04", "x-ms-blob-type": "BlockBlob"}
url = "https://${account}.blob.${storageSuffix}/${container}/probe"
try:
    print(a.DIRECT.open(urllib.request.Request(url, data=b"x", headers=headers, method="PUT"), timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code)`;
  const asked = async (machine: string, container: string) => asRoot(machine, `python3 -c ${quoted(put(container))}`);
  expect(await asked(gitlab, "backups")).toBe("201");
  expect(await asked(gitlab, "artifacts")).toBe("403");
  expect(await asked(runners[0] ?? "", "backups")).toBe("403");
}, 120_000);

test("a second run changes nothing", async () => {
  const playbooks = ["playbooks/gitlab.yml", "playbooks/runner.yml"];
  const again = await run(["ansible-playbook", "-i", "inventory/tools.yml", ...playbooks], {
    cwd: join(root, "ansible"),
  });
  const lines = again.stdout.split("\n").filter((line) => line.includes("ok="));
  expect(lines.length, again.output).toBeGreaterThanOrEqual(3);
  for (const line of lines) expect(line).toMatch(/changed=0 +unreachable=0 +failed=0/);
}, 900_000);

test("a machine of the lab has no reset of its own, and the host's kernel keeps its settings", async () => {
  for (const { name } of (await status("tools")).machines) {
    const found = await on(name, "find", "/etc/sysctl.d", "/etc/modules-load.d", "/etc/systemd/system.conf.d");
    expect(found.status, found.output).toBe(0);
    expect(found.stdout).toContain("/etc/sysctl.d/60-platform.conf");
    expect(found.stdout).not.toContain("platform-reset");
  }
  expect(kernelSettings()).toEqual(before);
});
