/** For the tests: a server's key and certificate, signed by a CA made for this run. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  key: string;
  cert: string;
  /** Certificate of the CA, also in the file `ca.crt` of the folder. */
  ca: string;
}

/**
 * @param directory A folder for them.
 * @param alternatives Names as OpenSSL has them, for example `DNS:localhost`.
 */
export function makeCertificates(directory: string, alternatives: readonly string[]): Certificates {
  const openssl = (line: string): unknown =>
    execFileSync("openssl", line.split(" "), { cwd: directory, stdio: "ignore" });
  const curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  openssl(`req -x509 ${curve} -keyout ca.key -out ca.crt -subj /CN=lab-test-CA -days 2`);
  openssl(`req ${curve} -keyout server.key -out server.csr -subj /CN=lab-test`);
  writeFileSync(join(directory, "server.ext"), `subjectAltName=${alternatives.join(",")}\n`);
  const signed = "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2";
  openssl(`${signed} -extfile server.ext`);
  const read = (name: string): string => readFileSync(join(directory, name), "utf8");
  return { key: read("server.key"), cert: read("server.crt"), ca: read("ca.crt") };
}
