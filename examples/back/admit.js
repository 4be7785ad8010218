/** Requests on which this process works at the same time; what is more is refused at once, rather than all served late. */
const LIMIT = Number(process.env.MAX_CONCURRENT_REQUESTS ?? 64);
/** For a request that does not say how long its client waits. */
const PATIENCE_MILLISECONDS = 10_000;

let underWay = 0;

/**
 * Takes a request in, and gives { deadline, signal }: until when its client waits (milliseconds since 1970), and what is
 * aborted when the client goes. Refuses it with 503 and gives nothing where it is too much.
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
  return { deadline: deadlineOf(request.headers), signal: gone.signal };
}

/** A client that says it wrongly, or whose clock is ahead, is waited for as long as one that says nothing, at most as it says. */
function deadlineOf(headers) {
  const now = Date.now();
  const [, start] = /^t=(\d+\.\d+)$/.exec(headers["x-request-start"] ?? "") ?? [];
  const [timeout] = /^\d+$/.exec(headers["x-request-timeout"] ?? "") ?? [PATIENCE_MILLISECONDS];
  return Math.min(start ? Number(start) * 1000 : now, now) + Number(timeout);
}

/** Says that it is too much at the moment. */
export function refuse(response) {
  response.writeHead(503, { "content-type": "text/plain", "retry-after": "1" }).end("busy\n");
}
