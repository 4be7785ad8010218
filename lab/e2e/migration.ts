/** What is asked of dev about moving a service from a host outside. `make migration` walks the whole way. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { lab, outside, run } from "../commands.ts";
import { oldHost } from "../fabric/addresses.ts";
import { sideOf, type Side } from "../migration/expectations.ts";
import { root } from "../paths.ts";
import { failuresDuring } from "./underLoad.ts";

const host = "www.dev.chatbot.example";
const page = `http://${host}/`;
const ansible = { cwd: join(root, "ansible") };
const inventory = ["-i", "inventory/dev.yml"];
/** On both sides of the share below, and near it. */
const numbers = [0, 49, 50, 99];
const share = 50;

interface Route {
  host: string;
}

/** The routes that the reverse proxies have by the inventory. */
async function routes(): Promise<Route[]> {
  const { stdout } = await run(["ansible-inventory", ...inventory, "--list"], ansible);
  const { _meta } = JSON.parse(stdout) as { _meta: { hostvars: Record<string, { platform_routes?: Route[] }> } };
  const found = Object.values(_meta.hostvars).find(({ platform_routes }) => platform_routes)?.platform_routes;
  if (!found) throw new Error("the inventory has no routes");
  return found;
}

/** Takes routes over, or those of the inventory again. Only what a route changes: the rest of the machine is as it was. */
async function takeOver(given?: Route[]): Promise<void> {
  const more = given ? ["--extra-vars", JSON.stringify({ platform_routes: given })] : [];
  const command = ["ansible-playbook", ...inventory, "playbooks/reverse-proxy.yml", "--skip-tags", "base", ...more];
  const { status, output } = await run(command, ansible);
  expect(status, output).toBe(0);
}

/** Which side answers a client whose cookie has the number. */
async function side(number: number): Promise<Side> {
  const { stdout, output } = await outside(
    "curl",
    "-sS",
    "--max-time",
    "10",
    "--cookie",
    `platform_share=${number}`,
    page,
  );
  expect(stdout, output).toContain('"service"');
  return stdout.includes('"service":"old-host"') ? "legacy" : "tier";
}

/** Registers the question as a test. What it makes it takes away. */
export function migration(): void {
  test("half of the clients go to the host from before and back again, each to its side, and none of them fails", async () => {
    await lab("old-host", host);
    let isShared = true;
    try {
      const legacy = { scheme: "https", address: oldHost, port: 443 };
      const shared = (await routes()).map((route) => (route.host === host ? { ...route, legacy, share } : route));
      const failures = await failuresDuring([`1 GET ${page}`], async () => {
        await takeOver(shared);
        for (const number of numbers) expect(await side(number), String(number)).toBe(sideOf(number, { share }));
        await takeOver();
        isShared = false;
        for (const number of numbers) expect(await side(number), String(number)).toBe("tier");
      });
      expect(failures).toEqual([]);
    } finally {
      if (isShared) await takeOver();
      await lab("old-host", "--none");
    }
  });
}
