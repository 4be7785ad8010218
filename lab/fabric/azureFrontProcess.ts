/** The front of Azure's services, at their addresses. Arguments: see azureFront.ts. */
import { readFileSync } from "node:fs";
import type { Server } from "node:https";
import { liveSettings } from "../liveSettings.ts";
import { managementAddress, storageAddress, vaultAddress } from "./addresses.ts";
import { frontServer } from "./azureFrontServer.ts";
import { whileListening } from "./listening.ts";

const [certFile = "", keyFile = "", servicesSocket = "", azuritePort = "", stateDir = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
const listen = (address: string): Server =>
  frontServer({ tls, servicesSocket, azuritePort: Number(azuritePort) }).listen(443, address);

listen(managementAddress);
listen(storageAddress);
whileListening(
  () => liveSettings(stateDir).vault !== "away",
  () => listen(vaultAddress),
);
