/** Patterns of operations, as in roles and limits: `Microsoft.Compute/*`. */

/** Whether an operation fits a pattern; `*` stands for anything, letter case for nothing. */
export const fitsPattern = (pattern: string, operation: string): boolean =>
  new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "i").test(operation);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
