/** What stands in a stack's way at Azure, in the words that the user reads. */

export interface Obstacle {
  /** What it is about: a setting's path, or a thing of the subscription. */
  place: string;
  /** What the stack asks for, or what is there. */
  given: string;
  /** What Azure has or takes. */
  allowed: string;
  /** Where to change it. */
  change: string;
}

/** All obstacles at once, in the form of a stack file's mistakes. */
export function renderObstacles(file: string, obstacles: readonly Obstacle[]): string {
  const count = obstacles.length === 1 ? "1 obstacle" : `${obstacles.length} obstacles`;
  const lines = obstacles.map(
    ({ place, given, allowed, change }) =>
      `  ${place}\n    given:   ${given}\n    allowed: ${allowed}\n    change:  ${change}`,
  );
  return `${count} at Azure for ${file}; nothing was changed.\n${lines.join("\n")}`;
}

/** An obstacle that does not stop the stack now, on one line. */
export function renderWarning({ place, given, allowed, change }: Obstacle): string {
  return `${place}: given ${given}; allowed ${allowed}. To change it: ${change}`;
}

/** `a, b and 3 more`: the first ones of many. */
export function firstOf(words: readonly string[], most: number): string {
  const rest = words.length - most;
  return rest > 0 ? `${words.slice(0, most).join(", ")} and ${rest} more` : words.join(", ");
}

/** `["a.size", "b.size"]` is `a.size (also b.size)`. */
export function places(paths: readonly string[]): string {
  const [first = "", ...others] = paths;
  const short = others.map((path) => path.replace(/^platform:environment\./, ""));
  return others.length === 0 ? first : `${first} (also ${short.join(", ")})`;
}
