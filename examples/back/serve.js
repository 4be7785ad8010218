/** What is waited for at most before requests that still run are cut off. pm2's own limit must be above it. */
const DRAIN_MILLISECONDS = 10_000;
/** How long idle connections may still bring a request: closing one at once could cross a request that is on its way. */
const LINGER_MILLISECONDS = 2_000;

/**
 * Listens, tells pm2 when the service is ready (wait_ready), and on SIGINT, which pm2 sends, asks callers to close their
 * connections, then takes no new one, and ends when the last request has its answer.
 */
export function serve(server, port, whenDrained = async () => {}) {
  // Longer than any proxy keeps an idle connection: so it is never this side that closes one that is about to be used.
  server.keepAliveTimeout = 75_000;
  let draining = false;
  server.prependListener("request", (_request, response) => {
    if (draining) response.setHeader("connection", "close");
  });

  server.listen(port, () => {
    console.log(`listening on ${port}`);
    process.send?.("ready");
  });

  const stop = () => {
    if (draining) return;
    draining = true;
    setTimeout(() => server.close(() => whenDrained().finally(() => process.exit(0))), LINGER_MILLISECONDS);
    setTimeout(() => process.exit(0), DRAIN_MILLISECONDS).unref();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
