/** Reads a record from a file, which anybody may have written. */
import { z } from "zod";

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
  const result = schema.safeParse(content);
  if (!result.success) throw new Error(`this is no record of ${what}: ${z.prettifyError(result.error)}`);
  return result.data;
}
