/** Reads a record from a file, which anybody may have written. */
import { z } from "zod";

/** No value of a resource has as many levels, and what walks through one of many more has no stack for it. */
const deepest = 100;
const isDeeper = (value: unknown, levels: number): boolean =>
  value !== null &&
  typeof value === "object" &&
  (levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1)));

/**
 * @param what Of what it is a record, for example `a preview`.
 * @throws Error that says what is wrong with it.
 */
export function parseAs<T>(schema: z.ZodType<T>, what: string, text: string): T {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new Error(`this is no record of ${what}: ${(error as Error).message}`, { cause: error });
  }
  if (isDeeper(content, deepest)) throw new Error(`this is no record of ${what}: it has more than ${deepest} levels`);
  const result = schema.safeParse(content);
  if (!result.success) throw new Error(`this is no record of ${what}: ${z.prettifyError(result.error)}`);
  return result.data;
}
