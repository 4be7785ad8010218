import { connect } from "node:net";

/** `host:port` of the engine in a plugin's arguments: after flags, which the engine passes on from its own (`-v=9`). */
export const engineAddressIn = (words: readonly string[]): string | undefined =>
  words.filter((word) => !word.startsWith("-")).at(-1);

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
