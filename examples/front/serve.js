/** What is waited for at most before requests that still run are cut off. pm2's own limit must be above it. */
const DRAIN_MILLISECONDS = 10_000;

/**
 * Listens, tells pm2 when the service is ready (wait_ready), and on SIGINT, which pm2 sends, takes no new connection and
 * ends when the last request has its answer.
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
    server.close(() => whenDrained().finally(() => process.exit(0)));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), DRAIN_MILLISECONDS).unref();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
