/**
 * A subscription that lacks what dev needs, as a user meets it: everything is told at once, before anything is made, and
 * what is mended is told no more. The tests build on each other, in their order. They do not prove that Azure answers
 * these questions as the lab does.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { daemonStatus } from "../cli/daemon.ts";
import { lab, labCommand, run } from "../commands.ts";

const size = "Standard_B2als_v2";
const denied = "Microsoft.Compute/virtualMachineScaleSets/write";
const limits = [
  ...["--cores", "westeurope=20"],
  ...["--restrict", `${size}=3`],
  ...["--unregister", "Microsoft.Network"],
  ...["--deny", denied],
];

beforeAll(async () => {
  await lab("down");
  await lab("limits", "--reset", ...limits);
});
afterAll(async () => {
  await lab("down");
});

/** One line of ARM's log. */
interface Exchange {
  method: string;
  url: string;
  status: number;
}

/** What ARM was asked below subscriptions while something ran. */
async function askedDuring<T>(work: () => Promise<T>): Promise<{ result: T; asked: Exchange[] }> {
  const before = (await exchanges()).length;
  const result = await work();
  return { result, asked: (await exchanges()).slice(before).filter(({ url }) => url.startsWith("/subscriptions/")) };
}

async function exchanges(): Promise<Exchange[]> {
  const log = await run([labCommand, "log", "arm"]);
  // Before the first request there is no log.
  if (log.status !== 0) return [];
  return log.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Exchange);
}

const writes = (asked: readonly Exchange[]) =>
  asked.filter(({ method }) => ["PUT", "PATCH", "DELETE"].includes(method));

const obstacles = (count: number) =>
  `${count === 1 ? "1 obstacle" : `${count} obstacles`} at Azure for Pulumi.dev.yaml`;

test("an up tells all four obstacles at once, and has changed nothing", async () => {
  const { result: up, asked } = await askedDuring(() => run([labCommand, "up", "dev"]));
  expect(up.status).not.toBe(0);
  expect(up.output).toContain(`${obstacles(4)}; nothing was changed.`);
  expect(up.output).toMatch(/resource provider Microsoft\.Network\n\s+given: +NotRegistered\n/);
  expect(up.output).toContain(`${size} in zones 1, 2, 3 of westeurope\n`);
  expect(up.output).toContain("zone 3 is refused to the subscription (NotAvailableForSubscription)");
  expect(up.output).toMatch(
    /quota of vCPUs in westeurope\n\s+given: +Total Regional vCPUs: 20 and 10 for spare machines/,
  );
  expect(up.output).toContain(`not ${denied}\n`);
  // The questions were asked at all.
  expect(asked.map(({ url }) => url)).toContainEqual(expect.stringContaining("/providers/Microsoft.Compute/skus?"));
  expect(writes(asked)).toEqual([]);
  expect((await daemonStatus())?.world.machines).toEqual([]);
});

test("a preview tells three, since it needs no right to write, and names the fourth as what an up will need", async () => {
  const { result: preview, asked } = await askedDuring(() => run([labCommand, "preview", "dev"]));
  expect(preview.status).not.toBe(0);
  expect(preview.output).toContain(`${obstacles(3)}; nothing was changed.`);
  expect(preview.output).toMatch(/pulumi up will need: rights of this identity in \S+: not Microsoft\.Compute/);
  expect(writes(asked)).toEqual([]);
});

test("what is mended is told no more, and the others still are", async () => {
  await lab("limits", "--reset", "--cores", "westeurope=29");
  const up = await run([labCommand, "up", "dev"]);
  expect(up.status).not.toBe(0);
  expect(up.output).toContain(`${obstacles(1)}; nothing was changed.`);
  expect(up.output).toContain("(the limit is 29, in use are 0)");
});

test("a preview in a subscription that has room asks its questions, and goes on", async () => {
  await lab("limits", "--reset", "--cores", "westeurope=30");
  const { result: preview, asked } = await askedDuring(() => lab("preview", "dev"));
  expect(preview.output).toMatch(/\d+ to create/);
  expect(writes(asked)).toEqual([]);
  const questions = asked.filter(({ url }) => /\/skus\?|\/usages\?|\/versions|\/permissions\?/.test(url));
  expect(questions.length).toBeGreaterThanOrEqual(5);
});

test("a preflight that is switched off asks nothing", async () => {
  await lab("limits", "--reset", "--cores", "westeurope=20");
  const off = ["pulumi", "preview", "--stack", "dev", "--config", 'platform:preflight={"enabled":false}'];
  const { result: preview, asked } = await askedDuring(() => lab(...off));
  expect(preview.output).toMatch(/\d+ to create/);
  expect(asked.filter(({ url }) => url.includes("/providers/Microsoft.Compute/skus?"))).toEqual([]);
});

test("an unedited stack file is refused by an Azure whose networks do not know .example", async () => {
  await lab("limits", "--reset");
  const refuse = ["pulumi", "up", "--yes", "--skip-preview", "--stack", "dev"];
  const { result: up, asked } = await askedDuring(() =>
    run([labCommand, ...refuse, "--config", 'platform:preflight={"exampleNames":"refuse"}']),
  );
  expect(up.status).not.toBe(0);
  expect(up.output).toContain(`${obstacles(6)}; nothing was changed.`);
  expect(up.output).toContain("platform:environment.tiers.back.applications[0].repository\n");
  expect(writes(asked)).toEqual([]);
});
