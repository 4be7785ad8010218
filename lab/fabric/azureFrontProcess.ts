/** The front of Azure's services, at their addresses. Arguments: see azureFront.ts. */
import { readFileSync } from "node:fs";
import type { Server } from "node:https";
import { liveSettings } from "../liveSettings.ts";
import { managementAddress, storageAddress, vaultAddress } from "./addresses.ts";
import { frontServer } from "./azureFrontServer.ts";

const [certFile = "", keyFile = "", servicesSocket = "", azuritePort = "", stateDir = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
const listen = (address: string): Server =>
  frontServer({ tls, servicesSocket, azuritePort: Number(azuritePort) }).listen(443, address);

listen(managementAddress);
listen(storageAddress);
let vaults: Server | undefined = listen(vaultAddress);

/** While vaults are away, nobody listens at their address: the kernel refuses connections. */
function follow(): void {
  const isAway = liveSettings(stateDir).vault === "away";
  if (isAway && vaults) {
    vaults.close();
    vaults.closeAllConnections();
    vaults = undefined;
  } else if (!isAway) vaults ??= listen(vaultAddress);
}

let trouble = "";
setInterval(() => {
  try {
    follow();
    trouble = "";
  } catch (error) {
    // Settings that somebody made unreadable by hand are told once, and change nothing.
    const message = String(error);
    if (message !== trouble) console.error(message);
    trouble = message;
  }
}, 500);
