/** Where the lab keeps things. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The project's folder. */
export const root = resolve(import.meta.dirname, "..");
/** Everything that one lab has; `bin/lab down` removes it. */
export const stateDir = process.env.LAB_STATE ?? "/var/lib/platform-lab";
/** What labs share and keep: tools, images, downloads. */
export const cacheDir = process.env.LAB_CACHE ?? join(homedir(), ".cache", "platform-lab");

/** Where the stack files are that the lab uses: the project's own, or copies of them for a suite that changes them. */
export const stackFilesDir = process.env.LAB_STACK_FILES ?? root;

/** The daemon's own socket, log and process ID. */
export const socketPath = join(stateDir, "daemon.sock");
export const daemonLog = join(stateDir, "daemon.log");
export const daemonPid = join(stateDir, "daemon.pid");
/** Where the networks' metadata services ask the daemon. Apart from its own socket, which tells secrets. */
export const metadataSocket = join(stateDir, "metadata.sock");
/** Where the front of Azure's services asks the daemon. */
export const servicesSocket = join(stateDir, "services.sock");
