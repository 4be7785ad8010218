import { connect } from "node:net";

/**
 * Ends this process with the engine that started it: one that was killed cannot end its plugins, and they, and what they
 * run, would stay for ever.
 *
 * @param address `host:port` of the engine, if it is known.
 * @param before What is done first.
 */
export function exitWithEngine(address: string | undefined, before: () => void): void {
  const parent = process.ppid;
  const leave = () => {
    before();
    process.exit(0);
  };
  setInterval(() => {
    if (process.ppid !== parent) leave();
  }, 1000).unref();
  if (!address) return;
  // One that was killed while this process started is not that parent.
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname, () => socket.destroy()).on("error", leave);
}
