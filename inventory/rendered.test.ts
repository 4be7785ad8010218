/** What Ansible makes of the inventory for reverse proxies, and for kinds that install no program yet: its templates, rendered by Ansible itself. */
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
    { host: "moving.tools.chatbot.example", tier: "front", legacy: "https://moving.old.example", share: 5 },
  ],
  forwards: [{ domain: "dev.chatbot.example", environment: "development" }],
  tls: { acme: {}, strictTransportSecurity: 600 },
  clientLimit: { requestsPerSecond: 20, burst: 7 },
};
// Of the two, tools is the entry here, and production is not there.
environment["peers"] = { development: (environment["peers"] as Record<string, unknown>)["development"] };
const development = committed("dev");
development["reverseProxy"] = { ...(development["reverseProxy"] as object), entry: "tools" };
const siblings = (stack: string, other: unknown) => [{ file: `Pulumi.${stack}.yaml`, environment: other }];
const plans = [
  planOf("tools", environment, undefined, siblings("dev", development)),
  planOf("dev", development, undefined, siblings("tools", environment)),
];

function application() {
  return { name: "front", repository: "https://git.chatbot.example/front.git", revision: "main", port: 3000 };
}

/** No kind of ours is without a program; one that is new may be. */
const withoutProgram = { platform_kinds_without_program: ["gitlab", "runner"] };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "rendered-"));
  const local = { ansible_connection: "local", ansible_user: "platform" };
  mkdirSync(join(directory, "inventory"));
  cpSync(join(root, "ansible", "inventory", "group_vars"), join(directory, "inventory", "group_vars"), {
    recursive: true,
  });
  const inventories = plans.flatMap((plan) => {
    const prefix = plan.stack === "tools" ? "" : `${plan.stack}-`;
    const machines = machineGroups(plan).map((group) => ({ name: `${prefix}${group.name}1`, group, connection: {} }));
    const file = join(directory, "inventory", `${plan.stack}.yml`);
    writeFileSync(file, renderInventory(buildInventory(plan, machines, local, longestVaultAccess(plan))));
    return ["-i", file];
  });
  writeFileSync(join(directory, "render.yml"), dump(playbook(directory)));
  execFileSync(
    join(root, ".venv", "bin", "ansible-playbook"),
    [...inventories, "-e", JSON.stringify(withoutProgram), join(directory, "render.yml")],
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
function server(host: string, machine = "reverse-proxy1"): string {
  const found = rendered(`${machine}.nginx.conf`)
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

test("TLS ends at the entry, for its own hosts and for those of environments behind it, which believe it", () => {
  for (const host of ["www.tools.chatbot.example", "www.dev.chatbot.example"]) {
    expect(server(host)).toContain(`ssl_certificate /etc/nginx/certificates/${host}.pem;`);
    expect(server(host)).toContain("return 308 https://");
    expect(server(host)).toContain("/.well-known/acme-challenge/");
  }
  expect(server("www.dev.chatbot.example")).toContain("proxy_pass http://10.20.0.254_80;");
  const entry = rendered("reverse-proxy1.nginx.conf");
  expect(entry).toContain('"max-age=600"');
  expect(entry).not.toContain("set_real_ip_from");
  expect(rendered("reverse-proxy1.platform-health.service")).toContain("  --tcp 80 \\\n  --tcp 443 \\\n");

  const behind = rendered("dev-reverse-proxy1.nginx.conf");
  expect(behind).toContain("set_real_ip_from 10.30.0.0/24;");
  expect(behind).not.toMatch(/listen 443|ssl_certificate|return 308/);
  expect(server("www.dev.chatbot.example", "dev-reverse-proxy1")).toContain("proxy_pass http://10.20.1.254_3000;");
  expect(rendered("dev-reverse-proxy1.platform-health.service")).not.toContain("--tcp 443");
});

test("clients are limited and shared as the stack file says", () => {
  expect(rendered("reverse-proxy1.nginx.conf")).toMatch(/rate=20r\/s;\s+limit_req zone=clients burst=7 nodelay;/);
  expect(rendered("dev-reverse-proxy1.nginx.conf")).not.toContain("limit_req");
  const moving = server("moving.tools.chatbot.example");
  expect(moving).toContain("set $way $side_of_5$connection_upgrade;");
  expect(moving).toContain("proxy_pass http://10.30.9.254_3000;");
  expect(moving).toContain("proxy_pass https://$outside:443;");
  expect(moving).toContain("proxy_ssl_name moving.old.example;");
  expect(server("www.tools.chatbot.example")).not.toContain("$way");
});
