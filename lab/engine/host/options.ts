/** `runtime.options` of Pulumi.yaml (or PulumiPolicy.yaml), as the official host reads them. */

export interface Options {
  /** False: Node runs the program as it is, and strips types by itself. Default true: ts-node compiles it. */
  typescript: boolean;
  tsconfig: string | undefined;
  /** Arguments for node itself. */
  nodeArguments: string[];
  packageManager: "npm" | "yarn" | "pnpm" | "bun" | undefined;
}

const managers = ["auto", "npm", "yarn", "pnpm", "bun"];

export function readOptions(options: Record<string, unknown>): Options {
  const { typescript = true, tsconfig, nodeargs = "", packagemanager = "auto" } = options;
  if (typeof typescript !== "boolean") throw wrong("typescript", typescript, "true or false");
  if (tsconfig !== undefined && typeof tsconfig !== "string") throw wrong("tsconfig", tsconfig, "a path");
  if (typeof nodeargs !== "string") throw wrong("nodeargs", nodeargs, "one string, split as a shell does");
  if (typeof packagemanager !== "string" || !managers.includes(packagemanager)) {
    throw wrong("packagemanager", packagemanager, managers.join(", "));
  }
  const packageManager = packagemanager === "auto" ? undefined : (packagemanager as Options["packageManager"]);
  return { typescript, tsconfig, nodeArguments: splitWords(nodeargs), packageManager };
}

function wrong(name: string, given: unknown, allowed: string): Error {
  return new Error(`runtime.options.${name} in Pulumi.yaml is ${JSON.stringify(given)}; allowed: ${allowed}.`);
}

/** Words as a shell splits them: quotes keep spaces together, a backslash keeps the next character. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === "\\" && quote !== "'" && i + 1 < text.length) word = (word ?? "") + text[++i]!;
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== undefined)
    throw new Error(`runtime.options.nodeargs in Pulumi.yaml has a ${quote} without its end: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}

/** What the options mean to @pulumi/pulumi's own start-up code. */
export function optionVariables({ typescript, tsconfig }: Options): Record<string, string> {
  return {
    ...(typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(tsconfig !== undefined && { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
  };
}
