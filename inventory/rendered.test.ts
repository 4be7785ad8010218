/** What Ansible makes of the inventory for kinds that install no program yet: its templates, rendered by Ansible itself. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineGroups } from "../environment/plan.ts";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { buildInventory, renderInventory } from "./inventory.ts";
import { longestVaultAccess } from "./vaultAccess.ts";

const root = join(import.meta.dirname, "..");
const roles = join(root, "ansible", "roles");

/** Roles are named, so that their defaults count, and do nothing. */
const playbook = (directory: string) => [
  {
    hosts: "all",
    gather_facts: false,
    roles: ["health", "nginx-reverse-proxy"].map((role) => ({ role, when: false })),
    tasks: [
      ["health", "platform-health.service", "true"],
      ["nginx-reverse-proxy", "nginx.conf", "platform_kind == 'reverse-proxy'"],
    ].map(([role, file, when]) => ({
      "ansible.builtin.template": {
        src: `${roles}/${role}/templates/${file}.j2`,
        dest: `${directory}/{{ inventory_hostname }}.${file}`,
        mode: "0600",
      },
      when,
    })),
  },
];

/** tools, with a tier besides that has a program. */
const environment = committed("tools");
environment["tiers"] = {
  ...(environment["tiers"] as object),
  front: { subnetIndex: 9, instances: 1, port: 3000, applications: [application()] },
  forge: { subnetIndex: 10, instances: 1, port: 8080, kind: "gitlab" },
};
environment["reverseProxy"] = {
  instances: 1,
  routes: [
    { host: "gitlab.tools.chatbot.example", tier: "gitlab" },
    { host: "forge.tools.chatbot.example", tier: "forge" },
    { host: "www.tools.chatbot.example", tier: "front" },
    { host: "old.tools.chatbot.example", legacy: "http://192.0.2.7:8080" },
  ],
};
const plan = planOf("tools", environment);

function application() {
  return { name: "front", repository: "https://git.chatbot.example/front.git", revision: "main", port: 3000 };
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "rendered-"));
  const machines = machineGroups(plan).map((group) => ({ name: `${group.name}1`, group, connection: {} }));
  const local = { ansible_connection: "local", ansible_user: "platform" };
  mkdirSync(join(directory, "inventory"));
  cpSync(join(root, "ansible", "inventory", "group_vars"), join(directory, "inventory", "group_vars"), {
    recursive: true,
  });
  // No kind is without a program today: GitLab's stand for those to come.
  const all = join(directory, "inventory", "group_vars", "all.yml");
  const values = readFileSync(all, "utf8").replace(/^(platform_kinds_without_program:) \[\]$/m, "$1 [gitlab, runner]");
  writeFileSync(all, values);
  writeFileSync(
    join(directory, "inventory", "tools.yml"),
    renderInventory(buildInventory(plan, machines, local, longestVaultAccess(plan))),
  );
  writeFileSync(join(directory, "render.yml"), dump(playbook(directory)));
  execFileSync(
    join(root, ".venv", "bin", "ansible-playbook"),
    ["-i", join(directory, "inventory", "tools.yml"), join(directory, "render.yml")],
    { cwd: join(root, "ansible"), env: { ...process.env, ANSIBLE_STRATEGY: "linear" }, encoding: "utf8" },
  );
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

const rendered = (name: string) => readFileSync(join(directory, name), "utf8");

test("a machine without a program tells that it has none, and any other what serves on it", () => {
  for (const name of ["gitlab", "forge", "runner"]) {
    expect(rendered(`${name}1.platform-health.service`), name).toContain("  --no-program \\\n");
  }
  const front = rendered("front1.platform-health.service");
  expect(front).not.toContain("--no-program");
  expect(front).toContain("  --service pm2@front.service \\\n");
  expect(rendered("reverse-proxy1.platform-health.service")).toContain("  --service nginx.service \\\n");
});

/** The part of the reverse proxy's configuration for one host. */
function server(host: string): string {
  const found = rendered("reverse-proxy1.nginx.conf")
    .split("\n    server {\n")
    .find((part) => part.includes(`server_name ${host};`));
  if (found === undefined) throw new RangeError(`no server for ${host}`);
  return found;
}

test("the reverse proxy says of a tier without a program what is not there yet, and passes no request on to it", () => {
  for (const tier of ["gitlab", "forge"]) {
    const host = `${tier}.tools.chatbot.example`;
    expect(server(host)).toContain(`add_header X-Nothing-Installed ${tier} always;`);
    expect(server(host)).toContain(
      `return 503 "${host} is served by the tier ${tier}, on whose machines no program is installed yet.\\n";`,
    );
    expect(server(host)).not.toContain("proxy_pass");
  }
});

test("requests for other tiers, and for hosts outside, are passed on", () => {
  expect(server("www.tools.chatbot.example")).toContain("proxy_pass http://10.30.9.254_3000;");
  expect(server("old.tools.chatbot.example")).toContain("proxy_pass http://192.0.2.7_8080;");
  for (const host of ["www.tools.chatbot.example", "old.tools.chatbot.example"])
    expect(server(host)).not.toContain("X-Nothing-Installed");
});

test("a tier gets as many requests at a time as its machines work on, and a host outside any number", () => {
  // 64 for each of two processors, of which the proxies use seven tenths.
  expect(server("www.tools.chatbot.example")).toContain("limit_conn tiers 90;");
  expect(server("old.tools.chatbot.example")).not.toContain("limit_conn");
});
