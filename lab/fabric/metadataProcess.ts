/** Hands machines' metadata requests to the daemon. Runs in a network's router. Arguments: see metadata.ts. */
import { createServer, request, type ServerResponse } from "node:http";
import { metadataHeaders } from "../world.ts";

const [address = "", socketPath = "", networkId = ""] = process.argv.slice(2);

createServer((question, response) => {
  const { method, url: path, socket } = question;
  // Overwrites headers of these names that the machine wrote itself.
  const headers = {
    ...question.headers,
    // The daemon leaves it open: closed while the end of a request is on its way, it would break, and lose the answer.
    connection: "keep-alive",
    [metadataHeaders.network]: networkId,
    [metadataHeaders.client]: socket.remoteAddress,
  };
  const forwarded = request({ socketPath, method, path, headers, agent: false, timeout: 10_000 }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  forwarded.on("timeout", () => forwarded.destroy());
  forwarded.on("error", () => unavailable(response));
  question.on("error", () => forwarded.destroy());
  question.pipe(forwarded);
}).listen(80, address);

/** Answers while the daemon is away. */
function unavailable(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(503, { "content-type": "application/json", "retry-after": "1" });
  response.end(JSON.stringify({ error: "Service unavailable: retry after some time" }));
}
