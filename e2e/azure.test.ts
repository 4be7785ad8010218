/** `make azure-e2e`: a stack on Azure itself, from nothing to nothing. */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { DefaultAzureCredential } from "@azure/identity";
import { vaultName } from "../environment/names.ts";
import { root, run, succeed } from "./command.ts";
import { armClients, type Environment } from "./environment.ts";
import { questions, replacement, tiersOf } from "./questions.ts";
import { settings } from "./settings.ts";

const { stack, subscription, endpoint, keep } = settings(process.env);
const environment: Environment = {
  stack,
  pulumi: ["pulumi"],
  up: ["pulumi", "up", "--yes", "--skip-preview", "--stack", stack],
  outside: [],
  arm: () => armClients(new DefaultAzureCredential(), subscription, { endpoint }),
  // Azure gives a new machine its grace period, 30 minutes unless the stack's file says otherwise, before it repairs.
  seconds: { healthy: 900, replaced: 4500, unchanged: 120 },
};

/** A destroyed vault keeps its name for 90 days. So each run has one of its own, unless the stack's file names one. */
const file = join(root, `Pulumi.${stack}.yaml`);
const before = readFileSync(file, "utf8");
const config = ["--stack", stack, "--path", "platform:environment.vault.name"];

beforeAll(async () => {
  const { status } = await run(["pulumi", "config", "get", ...config]);
  if (status !== 0) await succeed(["pulumi", "config", "set", ...config, vaultName.default(stack, randomUUID())]);
  await succeed(environment.up, { seconds: 7200 });
}, 7_200_000);
afterAll(async () => {
  if (keep) return;
  await succeed(["pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack], { seconds: 7200 });
  writeFileSync(file, before);
}, 7_200_000);

questions(environment);
if ("front" in tiersOf(stack)) replacement(environment, "front", "pm2@front.service");
