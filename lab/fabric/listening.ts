/** A server that listens only while nothing is wrong with it. */
import type { Server } from "node:https";

/** Follows a setting: while it is not as it should be, nobody listens, and the kernel refuses connections. */
export function whileListening(isWhole: () => boolean, listen: () => Server): void {
  let server: Server | undefined;
  let trouble = "";
  const follow = (): void => {
    try {
      if (isWhole()) server ??= listen();
      else if (server) {
        server.close();
        server.closeAllConnections();
        server = undefined;
      }
      trouble = "";
    } catch (error) {
      // Settings that somebody made unreadable by hand are told once, and change nothing.
      const message = String(error);
      if (message !== trouble) console.error(message);
      trouble = message;
    }
  };
  follow();
  setInterval(follow, 500);
}
