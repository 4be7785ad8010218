/** Which experiments are meant by names with and without `*`. Pure. */
export function chosenExperiments<T extends { name: string }>(experiments: readonly T[], only: readonly string[]): T[] {
  if (only.length === 0) return [...experiments];
  const patterns = only.flatMap((text) => text.split(",")).filter(Boolean);
  const matches = (pattern: string, name: string) =>
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replaceAll(/[^\w-]/g, "\\$&"))
        .join(".*")}$`,
    ).test(name);
  const nothing = patterns.filter((pattern) => !experiments.some(({ name }) => matches(pattern, name)));
  if (nothing.length > 0) {
    throw new Error(
      `no experiment is called ${nothing.join(", ")}; there are: ${experiments.map(({ name }) => name).join(", ")}`,
    );
  }
  return experiments.filter(({ name }) => patterns.some((pattern) => matches(pattern, name)));
}
