/** Requests on which this process works at the same time; what is more is refused at once, rather than all served late. */
const LIMIT = Number(process.env.MAX_CONCURRENT_REQUESTS ?? 64);
/** For a request that does not say how long its client waits. */
const PATIENCE_MILLISECONDS = 10_000;

let underWay = 0;

/**
 * Takes a request in, and gives { deadline, signal, headers }: until when its client waits (milliseconds since 1970), what
 * is aborted when the client goes, and what tells others both. Refuses it with 503 and gives nothing where it is too much.
 */
export function admit(request, response) {
  if (underWay >= LIMIT) {
    refuse(response);
    return undefined;
  }
  underWay += 1;
  const gone = new AbortController();
  // It always comes: when the answer is sent, or when the connection is lost.
  response.on("close", () => {
    underWay -= 1;
    if (!response.writableFinished) gone.abort();
  });
  const told = /^t=(\d+\.\d+)$/.exec(request.headers["x-request-start"] ?? "");
  const start = told ? Number(told[1]) * 1000 : Date.now();
  const timeout = Number(request.headers["x-request-timeout"] ?? PATIENCE_MILLISECONDS / 1000);
  return {
    deadline: start + timeout * 1000,
    signal: gone.signal,
    headers: { "x-request-start": `t=${(start / 1000).toFixed(3)}`, "x-request-timeout": String(timeout) },
  };
}

/** Says that it is too much at the moment. */
export function refuse(response) {
  response.writeHead(503, { "content-type": "text/plain", "retry-after": "1" }).end("busy\n");
}
