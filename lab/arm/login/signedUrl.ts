/** URLs that need no bearer token because they are signed, as Azure's storage has them. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "../context.ts";
import { keysOf } from "./keys.ts";

const sign = (machineKey: string, expiry: string, secret: string): string =>
  createHmac("sha256", Buffer.from(secret, "hex")).update(`${machineKey}\n${expiry}`).digest("base64url");

/** Where a machine's serial console log can be read for some minutes. */
export function consoleUrl(machineKey: string, context: Context, minutes: number): string {
  const expiry = new Date(Date.now() + minutes * 60_000).toISOString();
  const signature = sign(machineKey, expiry, keysOf(context.store).urlSecret);
  const query = new URLSearchParams({ se: expiry, sp: "r", sig: signature });
  return `${context.origin}/bootdiagnostics/${Buffer.from(machineKey).toString("base64url")}/serialconsole.log?${query.toString()}`;
}

/** The machine that a signed URL is about; undefined when the signature is wrong or too old. */
export function consoleMachine(path: string, query: URLSearchParams, context: Context): string | undefined {
  const encoded = /^\/bootdiagnostics\/([\w-]+)\/serialconsole\.log$/.exec(path)?.[1];
  const expiry = query.get("se") ?? "";
  if (encoded === undefined || !(Date.parse(expiry) > Date.now())) return undefined;
  const machineKey = Buffer.from(encoded, "base64url").toString("utf8");
  const expected = Buffer.from(sign(machineKey, expiry, keysOf(context.store).urlSecret));
  const given = Buffer.from(query.get("sig") ?? "");
  return expected.length === given.length && timingSafeEqual(expected, given) ? machineKey : undefined;
}
