/** Stack files as a user would make them: copies of dev's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { root } from "../paths.ts";

type Tiers = Record<string, Record<string, unknown>>;
type Environment = Record<string, unknown> & { tiers: Tiers };

/**
 * The text of a stack file like dev's, with names and addresses of its own.
 *
 * @param name Of the stack and its environment.
 * @param network Its addresses, for example `10.40.0.0/16`.
 * @param changes What else is different, made of dev's tiers.
 */
export function stackFile(name: string, network: string, changes: (tiers: Tiers) => object): string {
  const file = load(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
    config: { "platform:environment": Environment };
  };
  const environment = file.config["platform:environment"];
  file.config["platform:environment"] = {
    ...environment,
    name,
    network,
    domain: `${name}.chatbot.example`,
    privateDomain: `${name}.chatbot.internal`,
    // The committed stacks know nothing of a copy.
    peers: {},
    ...changes(environment.tiers),
  };
  return `# yaml-language-server: $schema=./environment/environment.schema.json\n${dump(file)}`;
}
