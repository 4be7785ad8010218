/** What a schema of one file cannot tell: rules of evidence, titles of their own, and names that must exist. */
import { evidenceMistakes } from "./evidenceRules.ts";
import type { Case, Suite } from "./suite.ts";
import { isRequestStep, type RequestStep } from "./schema.ts";
import { variablesIn } from "./variables.ts";

/** Made by the runner. */
export const builtIn = [
  ...["subscription", "group", "groupName", "location", "otherLocation", "otherGroup", "unique", "guid", "otherGuid"],
  ...["tenant", "principalId", "vaultSuffix", "clientId", "clientSecret"],
  ...["issuer", "assertion", "assertionSubject", "endedAssertion", "forgedAssertion"],
];

export function ruleMistakes(suite: Suite): string[] {
  const titles = suite.cases.map(({ title }) => title);
  return [
    ...suite.cases.flatMap((one) =>
      [...evidenceMistakes(one), ...nameMistakes(one, suite)].map((text) => `${one.file}: ${text}`),
    ),
    ...suite.cases
      .filter(({ title }, index) => titles.indexOf(title) !== index)
      .map(({ file, title }) => `${file}: title: another case has the title '${title}'`),
  ];
}

const requestsOf = (one: Case): RequestStep[] => one.steps.filter(isRequestStep);

function nameMistakes(one: Case, suite: Suite): string[] {
  const given = one.given ?? [];
  const unknown = given.filter((name) => !(name in suite.fixtures)).map((name) => `given: there is no fixture ${name}`);
  const fixtures = withNeeds(given, suite);
  const known = new Set([
    ...builtIn,
    ...Object.keys(suite.variables),
    ...fixtures.flatMap((name) => [name, ...(suite.fixtures[name]?.put ?? []).flatMap((put) => put.as ?? [])]),
    ...Object.keys(one.each?.[0] ?? {}),
    ...requestsOf(one).flatMap((step) => Object.keys(step.keep ?? {})),
  ]);
  const missing = new Set(variablesIn([one.steps, one.each ?? []]).filter((name) => !known.has(name)));
  return [...unknown, ...[...missing].map((name) => `{${name}} is not a variable of this case`)];
}

/** Fixtures with those that they need, in the order in which they are made. */
export function withNeeds(given: readonly string[], suite: Pick<Suite, "fixtures">): string[] {
  const order: string[] = [];
  const add = (name: string): void => {
    for (const need of suite.fixtures[name]?.needs ?? []) add(need);
    if (!order.includes(name)) order.push(name);
  };
  given.forEach(add);
  return order;
}
