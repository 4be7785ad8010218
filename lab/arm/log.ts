/** Every request and answer with their bodies, one JSON object a line; secrets are masked. */
import { appendFileSync } from "node:fs";
import type { Answer, Request } from "./http.ts";

const secretNames = new Set([
  "authorization",
  "client_secret",
  "access_token",
  "refresh_token",
  "protectedsettings",
  "adminpassword",
  "client_assertion",
  "sig",
]);

/** A copy in which secrets are hidden and custom data is short. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? value.replace(/([?&]sig=)[\w%-]+/g, "$1***") : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const key = name.toLowerCase();
      if (secretNames.has(key) && inner !== undefined && inner !== null) return [name, "***"];
      if (key === "customdata" && typeof inner === "string")
        return [name, `${inner.slice(0, 16)}... (${inner.length} characters)`];
      // Scripts of run commands and extensions may hold secrets, their output as well.
      if (key === "script" && Array.isArray(inner))
        return [name, inner.map((line) => `*** (${String(line).length} characters)`)];
      return [name, masked(inner)];
    }),
  );
}

/** Forms are logged as the fields they hold. */
const readable = (body: unknown): unknown =>
  typeof body === "string" && /^[\w%.~+-]+=/.test(body)
    ? masked(Object.fromEntries(new URLSearchParams(body)))
    : masked(body);

export function logExchange(file: string, request: Request, answer: Answer, milliseconds: number): void {
  const line = {
    time: new Date().toISOString(),
    method: request.method,
    url: masked(request.path + (request.query.size > 0 ? `?${request.query.toString()}` : "")),
    headers: masked({
      authorization: request.headers["authorization"],
      "if-match": request.headers["if-match"],
      "if-none-match": request.headers["if-none-match"],
      "user-agent": request.headers["user-agent"],
      "x-ms-client-request-id": request.headers["x-ms-client-request-id"],
    }),
    ...(request.body !== undefined && { body: readable(request.body) }),
    status: answer.status,
    milliseconds: Math.round(milliseconds),
    answerHeaders: answer.headers,
    ...(answer.body !== undefined && {
      answer: typeof answer.body === "string" ? `(${answer.body.length} characters)` : masked(answer.body),
    }),
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}
