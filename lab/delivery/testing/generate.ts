/** Programs that follow from a seed, and changes of them. */
import type { Random } from "./random.ts";
import type { ProgramSpec, ResourceSpec } from "./spec.ts";

const types = [
  "command:local:Command",
  "azure-native:network:VirtualNetwork",
  "azure-native:compute:VirtualMachineScaleSet",
  "azure-native:resources:ResourceGroup",
];

export function generateProgram(random: Random): ProgramSpec {
  const resources: ResourceSpec[] = [];
  for (let index = 0; index < 3 + random.below(8); index++)
    resources.push(generateResource(random, `r${index}`, resources));
  return { resources };
}

function generateResource(random: Random, name: string, before: readonly ResourceSpec[]): ResourceSpec {
  return {
    type: random.pick(types),
    name,
    ...(random.chance(0.3) ? { parent: "test:part:Part" } : {}),
    inputs: {
      size: random.below(10),
      names: Array.from({ length: random.below(4) }, () => random.text(4)),
      tags: { environment: random.text(5), "with.dot": random.text(3) },
      fixed: random.text(3),
      ...(random.chance(0.3) ? { key: "${secret:apiKey}" } : {}),
      ...(random.chance(0.3) ? { user: "${secret:login.user}", password: "${secret:login.password}" } : {}),
      ...(before.length > 0 && random.chance(0.4) ? { of: "${id:" + random.pick(before).name + "}" } : {}),
    },
  };
}

/** The program with a few changes: properties, replacements, resources that come and go. */
export function changeProgram(random: Random, { resources }: ProgramSpec): ProgramSpec {
  const gone = new Set(resources.filter(() => random.chance(0.15)).map(({ name }) => name));
  const kept = resources.filter(({ name }) => !gone.has(name)).map((one) => changeResource(random, one, gone));
  const added = Array.from({ length: random.below(3) }, (_, index) => generateResource(random, `new${index}`, kept));
  return { resources: [...kept, ...added] };
}

function changeResource(random: Random, resource: ResourceSpec, gone: ReadonlySet<string>): ResourceSpec {
  const inputs = structuredClone(resource.inputs);
  const of = /^\$\{id:(.*)\}$/.exec(String(inputs["of"]))?.[1];
  if (of !== undefined && gone.has(of)) delete inputs["of"];
  if (random.chance(0.2)) inputs["size"] = random.below(10);
  if (random.chance(0.2)) (inputs["names"] as string[]).push(random.text(4));
  if (random.chance(0.2)) (inputs["names"] as string[]).shift();
  if (random.chance(0.2)) (inputs["tags"] as Record<string, string>)["with.dot"] = random.text(3);
  if (random.chance(0.1)) inputs["more"] = { deep: { deeper: [random.text(2)] } };
  if (random.chance(0.15)) inputs["fixed"] = random.text(3);
  return { ...resource, inputs };
}
