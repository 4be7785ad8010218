/**
 * Git over HTTPS, read only, for everybody: `git http-backend` behind a TLS server. Below `/packages/` it has the lab's
 * repository of Debian packages. Arguments: see gitServer.ts.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join, sep } from "node:path";

const [root = "", certFile = "", keyFile = "", address = "", packages = ""] = process.argv.slice(2);
const packagesPath = "/packages/";

createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
  serve(request, response);
}).listen(443, address);

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "https://localhost");
  if (url.pathname.startsWith(packagesPath)) {
    void servePackages(decodeURIComponent(url.pathname.slice(packagesPath.length)), response);
    return;
  }
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "http.receivepack",
      GIT_CONFIG_VALUE_0: "false",
      GIT_CONFIG_KEY_1: "safe.directory",
      GIT_CONFIG_VALUE_1: "*",
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: request.socket.remoteAddress,
    },
  });
  backend.stdin.on("error", () => {});
  request.pipe(backend.stdin);
  response.on("close", () => backend.kill());
  let head = Buffer.alloc(0);
  backend.stdout.on("data", function readHead(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    backend.stdout.off("data", readHead);
    const headers = head
      .subarray(0, end)
      .toString("latin1")
      .split("\r\n")
      .map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      });
    const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1];
    response.writeHead(
      Number.parseInt(status ?? "200", 10),
      Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== "status")),
    );
    response.write(head.subarray(end + 4));
    backend.stdout.pipe(response);
  });
  backend.on("error", (error) => fail(response, error.message));
  backend.on("close", () => fail(response, "git http-backend gave no answer"));
}

async function servePackages(path: string, response: ServerResponse): Promise<void> {
  const file = join(packages, path);
  // A file of the folder, and none above it.
  const content = file.startsWith(packages + sep) ? await readFile(file).catch(() => undefined) : undefined;
  response.writeHead(content ? 200 : 404, { "content-length": content?.length ?? 0 });
  response.end(content);
}

function fail(response: ServerResponse, message: string): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response.writeHead(500, { "content-type": "text/plain" });
  response.end(`${message}\n`);
}
