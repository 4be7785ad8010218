/** The orders that the certificate authority has taken: a line of JSON for each. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../../files.ts";

export interface Order {
  /** Milliseconds since 1970. */
  at: number;
  hosts: string[];
  /** Identifier of the certificate that it replaces (RFC 9773, 5). */
  replaces?: string;
}

const fileIn = (stateDir: string): string => join(stateDir, "acme.log");

/**
 * An order as it was asked for.
 *
 * @param body A JSON Web Signature (RFC 8555, 7.4).
 */
export function orderOf(body: Buffer, at = Date.now()): Order {
  const { payload } = JSON.parse(body.toString()) as { payload: string };
  const { identifiers, replaces } = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
    identifiers: { value: string }[];
    replaces?: string;
  };
  return { at, hosts: identifiers.map(({ value }) => value), ...(replaces !== undefined && { replaces }) };
}

export function logOrder(stateDir: string, order: Order): void {
  appendFileSync(fileIn(stateDir), `${JSON.stringify(order)}\n`, { mode: 0o600 });
}

/** The orders since an instant, oldest first. */
export function ordersSince(stateDir: string, since: number): Order[] {
  return (readIfThere(fileIn(stateDir)) ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Order)
    .filter(({ at }) => at >= since);
}
