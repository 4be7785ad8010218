/**
 * The TLS server in front of Azure's services. It hands each request to the daemon, with the sender's address. A request
 * to a storage account's blob service the daemon only judges: what it allows, Azurite answers.
 */
import { request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, request as secureRequest, type RequestOptions, type Server } from "node:https";
import { storageSuffix } from "../serviceNames.ts";
import { blobHeaders, serviceHeaders } from "../world.ts";
import { azuriteToken } from "./azuriteToken.ts";

export interface FrontOptions {
  /** PEM. */
  tls: { key: string; cert: string };
  /** Unix socket on which the daemon answers. */
  servicesSocket: string;
  /** Of 127.0.0.1. */
  azuritePort: number;
}

export function frontServer(options: FrontOptions): Server {
  // An upload takes the time that it takes.
  return createServer({ ...options.tls, requestTimeout: 0, keepAliveTimeout: 60_000 }, (question, response) => {
    const { host = "" } = question.headers;
    const isBlob = host.split(":")[0]!.toLowerCase().endsWith(`.blob.${storageSuffix}`);
    if (isBlob) void blob(question, response, options);
    else pass(question, response, request, toDaemon(question, options, {}), unavailable);
  });
}

/** `more` overwrites, as does the sender's address, what the sender itself wrote into headers of the lab. */
function toDaemon(question: IncomingMessage, options: FrontOptions, more: IncomingHttpHeaders): RequestOptions {
  const { method, url: path, socket } = question;
  const own = { ...more, ...untilAnswered, [serviceHeaders.client]: socket.remoteAddress };
  const headers = { ...without(question.headers, ours), ...own };
  return { socketPath: options.servicesSocket, method, path, headers, agent: false, timeout: 60_000 };
}

/**
 * The daemon and Azurite leave the connection open, and the front closes it. Closed by them while the end of a request is
 * on its way, it would break, and take the answer with it.
 */
const untilAnswered = { connection: "keep-alive" };

/** Headers that only the front and the daemon write to each other. */
const ours: readonly string[] = [...Object.values(serviceHeaders), ...Object.values(blobHeaders)];

const without = (headers: IncomingHttpHeaders, names: readonly string[]): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

async function blob(question: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<void> {
  // The daemon and Azurite are to read the same path.
  if (!isPlain(question.url ?? "")) {
    question.resume();
    return refuse(response, 400, "application/xml", storageError("InvalidUri", "The requested URI is not plain."));
  }
  try {
    const verdict = await judge(question, options, "before");
    if (verdict.statusCode !== 204) {
      question.resume();
      return answer(verdict, response);
    }
    verdict.resume();
    const tell = verdict.headers[blobHeaders.tell] !== undefined;
    const told = async (status: number): Promise<void> => {
      if (tell && status < 300) (await judge(question, options, "after")).resume();
    };
    pass(question, response, secureRequest, toAzurite(question, options), busy, told);
  } catch {
    question.resume();
    busy(response);
  }
}

/** Asks the daemon about a request, without its body. */
function judge(question: IncomingMessage, options: FrontOptions, when: "before" | "after"): Promise<IncomingMessage> {
  const asked = toDaemon(question, options, { [blobHeaders.check]: when });
  const headers = without(asked.headers as IncomingHttpHeaders, ["content-length", "transfer-encoding", "expect"]);
  return new Promise((resolve, reject) => {
    const sent = request({ ...asked, headers }, resolve);
    sent.on("timeout", () => sent.destroy());
    sent.on("error", reject);
    sent.end();
  });
}

function toAzurite(question: IncomingMessage, { azuritePort }: FrontOptions): RequestOptions {
  const { method, url: path } = question;
  const headers = { ...without(question.headers, ours), ...untilAnswered };
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) headers.authorization = `Bearer ${azuriteToken(bearer)}`;
  // Nobody else is in this namespace; Azurite takes tokens over TLS only.
  const target = { host: "127.0.0.1", port: azuritePort, rejectUnauthorized: false };
  return { ...target, method, path, headers, agent: false };
}

/** Sends the request on, body and all, and answers what comes back. `told` is awaited before that. */
function pass(
  question: IncomingMessage,
  response: ServerResponse,
  send: (options: RequestOptions, done: (answer: IncomingMessage) => void) => ReturnType<typeof request>,
  target: RequestOptions,
  refuse: (response: ServerResponse) => void,
  told: (status: number) => Promise<void> = () => Promise.resolve(),
): void {
  const forwarded = send(target, (found) => {
    // Without the daemon, the next one learns of it later.
    void told(found.statusCode ?? 500)
      .catch(() => {})
      .then(() => answer(found, response));
  });
  forwarded.on("timeout", () => forwarded.destroy());
  forwarded.on("error", () => refuse(response));
  question.on("error", () => forwarded.destroy());
  response.on("close", () => forwarded.destroy());
  question.pipe(forwarded);
}

function answer(found: IncomingMessage, response: ServerResponse): void {
  // They are about the connection to the daemon or to Azurite.
  response.writeHead(found.statusCode ?? 500, without(found.headers, ["connection", "keep-alive"]));
  found.on("error", () => response.destroy());
  found.pipe(response);
}

/** A path from the root on, without parts that stand for others (`..`) and with everything escaped that must be. */
const isPlain = (url: string): boolean =>
  URL.parse(url, "https://front.example")?.href === `https://front.example${url}`;

/** Answers while the daemon is away. */
const unavailable = (response: ServerResponse): void =>
  refuse(response, 503, "application/json", JSON.stringify({ error: { code: "ServiceUnavailable", message: away } }));

/** The same, in the words of storage, also while Azurite starts anew. */
const busy = (response: ServerResponse): void =>
  refuse(response, 503, "application/xml", storageError("ServerBusy", away));

const away = "The lab's daemon is away, or the service starts anew: retry after some time.";

const storageError = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

function refuse(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": type, ...(status === 503 && { "retry-after": "1" }) });
  response.end(body);
}
