/**
 * What a resource is made of, as plain data. A policy gets proxies that throw where a preview does not know a value yet;
 * one careless read would end the policy with a message in place of a verdict. So all of it is read once, here.
 */
import { UnknownValueError } from "@pulumi/policy";

/** Stands where a preview does not know the value yet. It may yet be right, so no rule complains of it. */
export const notYetKnown = Symbol("not yet known");

export type Properties = Readonly<Record<string, unknown>>;

/** A copy without proxies, in which unknown values are `notYetKnown`. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(value, index));
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value as Properties, key)]));
}

function read(container: Properties | readonly unknown[], key: string | number): unknown {
  try {
    return plain((container as Properties)[key]);
  } catch (error) {
    if (error instanceof UnknownValueError) return notYetKnown;
    throw error;
  }
}

/** What stands at a path such as `sku.name`; not yet known where something on the way is not. */
export function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, key) => {
    if (found === notYetKnown) return notYetKnown;
    return typeof found === "object" && found !== null ? (found as Properties)[key] : undefined;
  }, value);
}

/** The items of the list at a path; none where there is no list, or none that is known yet. */
export function items(value: unknown, path: string): unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** Whether something stands there, be it known or not. */
export const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

/** Whether a list has one item, or may yet have. */
export const isOneOrUnknown = (value: unknown): boolean =>
  value === notYetKnown || (Array.isArray(value) && value.length === 1);

/** Whether a value is one of the wanted, or may yet be. */
export const mayBe = (value: unknown, ...wanted: unknown[]): boolean => value === notYetKnown || wanted.includes(value);

/** A value in a message. */
export function show(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}

/** A mistake unless one of the allowed values stands at a path. */
export function must(inputs: unknown, path: string, ...allowed: unknown[]): string[] {
  const given = at(inputs, path);
  if (mayBe(given, ...allowed)) return [];
  return [`${path}: given ${show(given)}, allowed is ${allowed.map(show).join(" or ")}`];
}

/** A mistake where something stands at a path that should have nothing, or only one of the values named. */
export function mustNot(inputs: unknown, path: string, ...harmless: unknown[]): string[] {
  const given = at(inputs, path);
  const isEmpty = Array.isArray(given) && given.length === 0;
  if (!isThere(given) || isEmpty || mayBe(given, ...harmless)) return [];
  return [`${path}: given ${show(given)}, allowed is ${harmless.map(show).join(" or ") || "nothing"}`];
}

/** A mistake unless a string stands at a path that matches. */
export function mustMatch(inputs: unknown, path: string, pattern: RegExp, allowed: string): string[] {
  const given = at(inputs, path);
  const isRight = given === notYetKnown || (typeof given === "string" && pattern.test(given));
  return isRight ? [] : [`${path}: given ${show(given)}, allowed is ${allowed}`];
}

/** A mistake unless something stands at a path. */
export function mustHave(inputs: unknown, path: string, what: string): string[] {
  return isThere(at(inputs, path)) ? [] : [`${path}: given nothing, allowed is ${what}`];
}
