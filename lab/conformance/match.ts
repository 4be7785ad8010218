/**
 * Compares an answer with the part of it that matters. Objects may have more members than expected; lists must have
 * as many items as expected, in that order. Operators, each alone in an object:
 * `$match` (regular expression), `$absent: true`, `$present: true`, `$type`, `$oneOf`, `$not`, `$ignoreCase`,
 * `$contains` (each expected item is like some item), `$every` (each item is like this), `$length`.
 */
import { isDeepStrictEqual } from "node:util";

type Operator = (operand: never, actual: unknown, at: string) => string[];

const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
};

const differs = (at: string, expected: string, actual: unknown): string[] => [
  `${at}: expected ${expected}, got ${show(actual)}`,
];

const when = (good: boolean, at: string, expected: string, actual: unknown): string[] =>
  good ? [] : differs(at, expected, actual);

const typeOf = (value: unknown): string => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);

const operators: Record<string, Operator> = {
  $match: (pattern: string, actual, at) =>
    when(typeof actual === "string" && new RegExp(pattern).test(actual), at, `a string like /${pattern}/`, actual),
  $absent: (_: true, actual, at) => when(actual === undefined, at, "nothing", actual),
  $present: (_: true, actual, at) => when(actual !== undefined && actual !== null, at, "a value", actual),
  $type: (name: string, actual, at) => when(typeOf(actual) === name, at, `type ${name}`, actual),
  $oneOf: (values: unknown[], actual, at) =>
    when(
      values.some((value) => mismatches(value, actual, at).length === 0),
      at,
      `one of ${show(values)}`,
      actual,
    ),
  $not: (unwanted: unknown, actual, at) =>
    when(mismatches(unwanted, actual, at).length > 0, at, `anything but ${show(unwanted)}`, actual),
  $ignoreCase: (text: string, actual, at) =>
    when(
      typeof actual === "string" && actual.toLowerCase() === text.toLowerCase(),
      at,
      `${show(text)} in any letter case`,
      actual,
    ),
  $contains: (items: unknown[], actual, at) => {
    if (!Array.isArray(actual)) return differs(at, "a list", actual);
    return items
      .filter((item) => !actual.some((one) => mismatches(item, one, at).length === 0))
      .flatMap((item) => differs(at, `an item like ${show(item)}`, actual));
  },
  $every: (item: unknown, actual, at) => {
    if (!Array.isArray(actual)) return differs(at, "a list", actual);
    return actual.flatMap((one, index) => mismatches(item, one, `${at}[${index}]`));
  },
  $length: (length: number, actual, at) =>
    when(Array.isArray(actual) && actual.length === length, at, `${length} items`, actual),
};

/** Every difference, with its path. */
export function mismatches(expected: unknown, actual: unknown, at: string): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      return differs(at, `a list of ${expected.length}: ${show(expected)}`, actual);
    return expected.flatMap((item, index) => mismatches(item, actual[index], `${at}[${index}]`));
  }
  if (expected === null || typeof expected !== "object")
    return when(isDeepStrictEqual(expected, actual), at, show(expected), actual);
  const entries = Object.entries(expected);
  const [name, operand] = entries[0] ?? [];
  if (name?.startsWith("$")) {
    const operator = operators[name];
    if (!operator || entries.length > 1) throw new Error(`${at}: ${name} is no operator, or not alone in its object`);
    return operator(operand as never, actual, at);
  }
  if (actual === null || typeof actual !== "object" || Array.isArray(actual))
    return differs(at, show(expected), actual);
  return entries.flatMap(([key, inner]) => mismatches(inner, (actual as Record<string, unknown>)[key], `${at}.${key}`));
}
