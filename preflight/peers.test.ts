import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test, vi } from "vitest";
import { planOf } from "../environment/testing/stacks.ts";
import { missingPeers, tellWaiting } from "./peers.ts";

const peer = {
  ...{ environment: "toolbox", stack: "tools", network: "10.30.0.0/16", privateDomain: "tools.chatbot.internal" },
  ...{ makes: true, reaches: [], admits: [] },
};
const lacking = {
  ...{ peer, id: "/network", guid: undefined },
  missing: ["rg-platform-tools/vnet-platform-tools", "rg-platform-tools/tools.chatbot.internal"],
};
const standing = { peer: { ...peer, stack: "dev" }, id: "/other", guid: "guid", missing: [] };
const plan = planOf("prod");

afterEach(() => {
  vi.restoreAllMocks();
});

test("an environment that does not stand is named with its stack, and with the commands in their order", async () => {
  vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(false);
  expect(await missingPeers("Pulumi.prod.yaml", plan, [standing, lacking])).toEqual([
    `1 obstacle at Azure for Pulumi.prod.yaml; nothing was changed.
  environment toolbox (stack tools), with which production is peered
    given:   no rg-platform-tools/vnet-platform-tools, no rg-platform-tools/tools.chatbot.internal
    allowed: an environment that stands: this stack makes both sides of the peering
    change:  pulumi up --stack tools, then pulumi up --stack prod`,
  ]);
  expect(await missingPeers("Pulumi.prod.yaml", plan, [standing])).toEqual([]);
});

test("a preview goes on, and tells it", async () => {
  vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(true);
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  expect(await missingPeers("Pulumi.prod.yaml", plan, [standing, lacking])).toEqual([]);
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^pulumi up will need it: environment toolbox \(stack tools\), with which production/)],
  ]);
});

const waiting = (environment: string) => ({ domain: `${environment}.chatbot.example`, environment });

test("forwards whose environment has no entry are told in one line, others in none", async () => {
  const info = vi.spyOn(pulumi.log, "info").mockResolvedValue();
  const forwards = [waiting("tools"), waiting("dev")];
  await tellWaiting({ ...plan, reverseProxy: { ...plan.reverseProxy, waiting: forwards } });
  await tellWaiting(planOf("prod"));
  expect(info.mock.calls).toEqual([
    [
      "tools.chatbot.example to tools, dev.chatbot.example to dev: not forwarded until reverseProxy.entry of that " +
        "environment's stack file says production",
    ],
    [expect.stringMatching(/^dev\.chatbot\.example to development: not forwarded until/)],
  ]);
  info.mockClear();
  await tellWaiting(planOf("dev"));
  expect(info).not.toHaveBeenCalled();
});
