/** Which experiments are meant by names with and without `*`. Pure. */
import { missingHealthReadings, type MissingHealth } from "../liveSettings.ts";

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

/**
 * The experiments that can be run, and the names of those that cannot, because the capacity is not measured.
 *
 * @throws where none can.
 */
export function possible<T extends { name: string; needsCapacity?: boolean }>(
  chosen: readonly T[],
  isMeasured: boolean,
): [T[], string[]] {
  const able = chosen.filter(({ needsCapacity }) => isMeasured || !needsCapacity);
  const leftOut = chosen.filter((one) => !able.includes(one)).map(({ name }) => name);
  if (able.length === 0) throw new Error(`--rate measures no capacity, which this needs: ${leftOut.join(", ")}`);
  return [able, leftOut];
}

export interface Reading<T> {
  experiment: T;
  reading: MissingHealth;
  /** The experiment's name, with the reading where that makes a difference. */
  label: string;
}

/** Each experiment with how missing health is read in it: with `both`, those that have a silent machine twice. */
export function readings<T extends { name: string; silent?: boolean }>(
  experiments: readonly T[],
  given: MissingHealth | "both",
): Reading<T>[] {
  return experiments.flatMap((experiment) => {
    const { name, silent } = experiment;
    if (!silent) return [{ experiment, reading: given === "both" ? "ignored" : given, label: name }];
    const wanted = given === "both" ? missingHealthReadings : [given];
    return wanted.map((reading) => ({ experiment, reading, label: `${name} ${reading}` }));
  });
}
