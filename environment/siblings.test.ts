import { expect, test } from "vitest";
import { dev, mistakes } from "./testing/mistakes.ts";
import { committed, playbooks, siblingsOf } from "./testing/stacks.ts";

const at = "platform:environment";
const sibling = (environment: object) => ({ file: "Pulumi.other.yaml", environment });

test("a copied stack file is told what must be the environment's own", () => {
  expect(mistakes({ siblings: [sibling(committed("dev")), ...siblingsOf("tools")] })).toEqual([
    [`${at}.name`, '"development"', "a name of its own; Pulumi.other.yaml has it already"],
    [`${at}.network`, '"10.20.0.0/16"', "a network of its own; Pulumi.other.yaml has 10.20.0.0/16"],
    [`${at}.domain`, '"dev.chatbot.example"', "a domain of its own; Pulumi.other.yaml has it already"],
    [`${at}.privateDomain`, '"dev.chatbot.internal"', "a domain of its own; Pulumi.other.yaml has it already"],
    ...["www", "api"].map((label, index) => [
      `${at}.reverseProxy.routes[${index}].host`,
      `"${label}.dev.chatbot.example"`,
      "a host of its own; Pulumi.other.yaml has it already",
    ]),
  ]);
});

test("the project's own stacks go together, and a stack file that is none says nothing", () => {
  expect(mistakes({ siblings: [sibling(committed("prod")), sibling(committed("tools")), sibling([])] })).toEqual([]);
});

test("an environment's name is free, but for names of groups that mean something else", () => {
  const named = (name: string) =>
    mistakes({
      environment: dev((environment) => {
        environment["name"] = name;
      }),
    });
  for (const name of ["staging", "pre-prod", "eu1"]) expect(named(name), name).toEqual([]);
  for (const name of ["front", "all", "reverse-proxy"]) expect(named(name)[0]?.[0], name).toBe(`${at}.name`);
  // `machine` is no kind, so nothing is called machine_learning besides the kind.
  expect(named("learning")).toEqual([]);
  expect(named("Staging")[0]?.[2]).toMatch(/^an environment's name, also that of its Ansible group: lower-case/);
});

test("a name that makes a group of a tier or a kind look like another kind is refused", () => {
  const named = (name: string, tier: string, kinds: string[]) =>
    mistakes({
      playbooks: [...playbooks, ...kinds],
      environment: dev((given) => {
        given["name"] = name;
        given.tiers[tier] = { kind: "front", subnetIndex: 9, instances: 1 };
      }),
    }).map(([path, , allowed]) => [path, allowed]);
  const refused = [
    `${at}.name`,
    "a name that, behind a tier or a kind, does not make machine_learning: that is the group of all machine-learning machines",
  ];
  expect(named("learning", "web", ["machine"])).toEqual([refused]);
  expect(named("learning", "machine", [])).toEqual([refused]);
  expect(named("learning", "web", [])).toEqual([]);
});

test("two environments do not share a group by the names of their tiers", () => {
  const environment = dev((given) => {
    given["name"] = "prod";
    delete given["peers"];
    given.tiers["front-pre"] = { kind: "front", subnetIndex: 9, instances: 1 };
  });
  const other = { ...committed("tools"), name: "pre-prod" };
  expect(mistakes({ environment, siblings: [sibling(other)] })).toEqual([
    [`${at}.name`, '"prod"', "a name by which the Ansible group front_pre_prod is not also one of Pulumi.other.yaml"],
  ]);
});
