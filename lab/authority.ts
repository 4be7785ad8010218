/** The lab's certificate authority and what it has signed; PEM files in `<state>/tls`. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "./files.ts";
import { stateDir } from "./paths.ts";

export interface Authority {
  /** Certificate of the authority, to be trusted by machines and clients. */
  caFile: string;
  /** The authority and what the host trusts already, for programs that take one bundle. */
  bundleFile: string;
  issue(name: string, alternatives: string[]): { keyFile: string; certFile: string };
  /**
   * A certificate of this authority for another one's root, as PEM: a chain that has it behind its own certificates is
   * trusted wherever this authority is.
   */
  endorse(root: string): string;
}

/** The lab's certificate authority, made at the first call. */
export function authority(): Authority {
  const dir = join(stateDir, "tls");
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const caFile = join(dir, "ca.pem");
  const caKey = join(dir, "ca.key");
  const bundleFile = join(dir, "bundle.pem");
  if (!existsSync(bundleFile)) {
    certify({ name: "Lab authority", days: 825, keyFile: caKey, certFile: caFile }, [
      "basicConstraints=critical,CA:TRUE",
      "keyUsage=critical,keyCertSign,cRLSign",
    ]);
    const trusted = ["/etc/ssl/certs/ca-certificates.crt"].filter((file) => existsSync(file));
    writeFileSync(bundleFile, [caFile, ...trusted].map((file) => readFileSync(file, "utf8")).join("\n"));
  }
  return {
    caFile,
    bundleFile,
    issue(name, alternatives) {
      const keyFile = join(dir, `${name}.key`);
      const certFile = join(dir, `${name}.pem`);
      if (!existsSync(certFile)) {
        certify(
          { name, days: 397, keyFile, certFile },
          [
            "basicConstraints=critical,CA:FALSE",
            "extendedKeyUsage=serverAuth",
            `subjectAltName=${alternatives.join(",")}`,
          ],
          ["-CA", caFile, "-CAkey", caKey],
        );
      }
      return { keyFile, certFile };
    },
    endorse(root) {
      const name = join(dir, `endorsed-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);
      if (!existsSync(`${name}.pem`)) {
        // Its own extensions stay: other certificates name its key by them.
        const signed = [
          ..."x509 -days 825".split(" "),
          ...["-CA", caFile, "-CAkey", caKey, "-set_serial", `0x${randomBytes(16).toString("hex")}`],
        ];
        writeAtomically(
          `${name}.pem`,
          execFileSync("openssl", signed, { input: root, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] }),
          0o644,
        );
      }
      return readFileSync(`${name}.pem`, "utf8");
    },
  };
}

interface Certificate {
  name: string;
  days: number;
  keyFile: string;
  certFile: string;
}

/** Makes a key and its certificate; signed by itself unless `signer` names an authority. */
function certify({ name, days, keyFile, certFile }: Certificate, extensions: string[], signer: string[] = []): void {
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(" ");
  const written = ["-keyout", keyFile, "-out", certFile];
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  execFileSync(
    "openssl",
    ["req", "-x509", ...key, "-days", String(days), ...signer, "-subj", `/CN=${name}`, ...added, ...written],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
}
