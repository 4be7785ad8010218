/** The host from before, at its address. Arguments: see oldHost.ts. */
import { createServer } from "node:http";
import { oldHostAnswer, oldHostServer, type HostCertificate } from "./server.ts";

const [address = "", certificates = "[]"] = process.argv.slice(2);
const known = JSON.parse(certificates) as HostCertificate[];
createServer(oldHostAnswer(known)).listen(80, address);
oldHostServer(known).listen(443, address);
