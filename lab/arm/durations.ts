/** ISO 8601 durations, as far as Azure takes them: hours, minutes and seconds. */

/** Minutes of `PT5M` or `PT1H30M`; not a number where the text is no duration. */
export function minutesOf(duration: string): number {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration);
  return match ? Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0) + Number(match[3] ?? 0) / 60 : NaN;
}
