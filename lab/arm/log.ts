/** Every request and answer with their bodies, one JSON object a line; secrets are masked. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import { vaultSuffix } from "../serviceNames.ts";
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

/** A larger log becomes `<file>.1`, in place of the one before. */
const largestLogBytes = 16 * 1024 * 1024;

/** A copy in which secrets are hidden and custom data is short. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === "string") return withoutOutput(value).replace(/([?&]sig=)[\w%-]+/g, "$1***");
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const key = name.toLowerCase();
      if (secretNames.has(key) && inner !== undefined && inner !== null) return [name, "***"];
      if (key === "customdata" && typeof inner === "string")
        return [name, `${inner.slice(0, 16)}... (${inner.length} characters)`];
      // Scripts of run commands and extensions may hold secrets, their output as well.
      if (key === "script" && Array.isArray(inner)) return [name, inner.map((line) => hidden(String(line)))];
      if ((key === "parameters" || key === "keys") && Array.isArray(inner))
        return [name, inner.map((one) => ({ ...(one as object), value: "***" }))];
      if (key === "message" && typeof inner === "string" && isScriptFailure(value)) return [name, hidden(inner)];
      return [name, masked(inner)];
    }),
  );
}

const hidden = (text: string): string => `*** (${text.length} characters)`;

/** As run commands answer with it, and errors of extensions. */
const withoutOutput = (text: string): string => text.replace(/(?<=\[stdout\]\n)[^]*/, (output) => hidden(output));

/** The status of a script in an instance view, whose message is its output. */
const isScriptFailure = (status: object): boolean =>
  "code" in status && /^ProvisioningState\/failed\/\d+$/.test(String(status.code));

/** Forms are logged as the fields they hold. */
const readable = (body: unknown): unknown =>
  typeof body === "string" && /^[\w%.~+-]+=/.test(body)
    ? masked(Object.fromEntries(new URLSearchParams(body)))
    : masked(body);

/** Of a secret of a vault: neither its bodies nor what a refusal says of them is for the log. */
const isOfSecret = ({ origin, path }: Request): boolean =>
  new URL(origin).hostname.endsWith(`.${vaultSuffix}`) || /\/Microsoft\.KeyVault\/vaults\/[^/]+\/secrets\b/i.test(path);

function answered({ body }: Answer, hides: boolean): unknown {
  if (typeof body === "string") return `(${body.length} characters)`;
  if (!hides) return masked(body);
  const { error } = body as { error?: { code: string; innererror?: object } };
  return error ? { error: { code: error.code, message: "***", innererror: error.innererror } } : "***";
}

export function logExchange(file: string, request: Request, answer: Answer, milliseconds: number): void {
  const hides = isOfSecret(request);
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
    ...(request.body !== undefined && { body: hides ? "***" : readable(request.body) }),
    status: answer.status,
    milliseconds: Math.round(milliseconds),
    answerHeaders: answer.headers,
    ...(answer.body !== undefined && { answer: answered(answer, hides) }),
  };
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestLogBytes) renameSync(file, `${file}.1`);
  appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}
