/** The front of the certificate authority, at its address. Arguments: see authority.ts. */
import { readFileSync } from "node:fs";
import { authority } from "../../authority.ts";
import { liveSettings } from "../../liveSettings.ts";
import { acmeAddress } from "../addresses.ts";
import { whileListening } from "../listening.ts";
import { acmeFront } from "./frontServer.ts";
import { logOrder } from "./orderLog.ts";

const [certFile = "", keyFile = "", pebblePort = "", managementPort = "", stateDir = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
const ca = authority();

whileListening(
  () => liveSettings(stateDir).acme === "up",
  () =>
    acmeFront({
      tls,
      pebblePort: Number(pebblePort),
      managementPort: Number(managementPort),
      daySeconds: () => liveSettings(stateDir).acmeDaySeconds,
      endorse: (root) => ca.endorse(root),
      ordered: (order) => logOrder(stateDir, order),
    }).listen(443, acmeAddress),
);
