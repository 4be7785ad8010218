/** Resources of small programs, and steps that many questions begin with. */
import { expect } from "vitest";
import { type Place, type Run, type Settings, stack } from "./place.ts";
import type { ResourceSpec } from "./spec.ts";

/** The key that `network` has. */
export const keyed = (place: Place, apiKey = "value of the key"): { apiKey: string } =>
  place.encrypted({ apiKey }) as { apiKey: string };

/** Makes what the settings say, by Pulumi itself, and publishes the copy of the state. */
export async function stand(place: Place, settings: Settings): Promise<void> {
  place.write(settings);
  place.up();
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
}

/** An apply with the newest preview as its approval. */
export const apply = (place: Place, ...more: string[]): Promise<Run> =>
  place.delivery("up", stack, "--approved", place.file("record.json"), ...more);

/** The state of the stack, to see that nothing was changed. */
export const stateOf = (place: Place) => place.pulumi("stack", "export", "--show-secrets", "--stack", stack);

export const network = (inputs: Record<string, unknown>): ResourceSpec => ({
  type: "azure-native:network:VirtualNetwork",
  name: "network",
  inputs: { space: "10.0.0.0/16", fixed: "one", tags: { environment: "dev" }, key: "${secret:apiKey}", ...inputs },
});
export const group: ResourceSpec = {
  type: "azure-native:resources:ResourceGroup",
  name: "group",
  inputs: { tags: { a: "b" } },
};
export const other = (inputs: Record<string, unknown> = { a: "1" }): ResourceSpec => ({
  type: "azure-native:network:PublicIPAddress",
  name: "other",
  inputs,
});

/** The run of Ansible and a scale set, as the program has them: machines and their number are what stands. */
export const living = (inputs: Record<string, unknown> = {}, content = "playbooks"): ResourceSpec[] => [
  {
    type: "command:local:Command",
    name: "configuration-ansible",
    parent: "platform:configuration:Playbook",
    deleteBeforeReplace: true,
    inputs: {
      create: "run",
      environment: { PLATFORM_CONTENT: content, PLATFORM_MACHINES: "${live:inventory}" },
      triggers: "${live:machines}",
      ...inputs,
    },
  },
  {
    type: "azure-native:compute:VirtualMachineScaleSet",
    name: "back-vmss",
    parent: "platform:components:TierHAG",
    inputs: { sku: { name: "small", capacity: "${live:capacity}" }, zones: ["1"] },
  },
  {
    type: "azure-native:monitor:AutoscaleSetting",
    name: "back-autoscale",
    parent: "platform:components:TierHAG",
    inputs: { enabled: true },
  },
];
