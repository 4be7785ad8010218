/** `make azure-e2e`: a stack on Azure itself, from nothing to nothing. */
import { afterAll, beforeAll } from "vitest";
import { DefaultAzureCredential } from "@azure/identity";
import { succeed } from "./command.ts";
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

beforeAll(async () => {
  await succeed(environment.up, { seconds: 7200 });
}, 7_200_000);
afterAll(async () => {
  if (!keep) await succeed(["pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack], { seconds: 7200 });
}, 7_200_000);

questions(environment);
if ("front" in tiersOf(stack)) replacement(environment, "front", "pm2@front.service");
