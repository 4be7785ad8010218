/**
 * OpenSSH's certificates for users, of a key of type Ed25519, signed by one of type ECDSA with curve P-256. Pure.
 * https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.certkeys
 */
import { keyFields } from "../../environment/sshKey.ts";
import { mpint, string, uint32, uint64 } from "./wire.ts";

const certificateType = "ssh-ed25519-cert-v01@openssh.com";
const authorityType = "ecdsa-sha2-nistp256";
const userCertificate = 1;

/** What its bearer may do besides running commands: pass the jump host, and have a terminal. In alphabetical order. */
const extensions = ["permit-port-forwarding", "permit-pty"];

/** What a certificate says. */
export interface Claims {
  /** The user's public key as a line: `ssh-ed25519 AAAA...`. */
  publicKey: string;
  serial: bigint;
  /** Who has it and why, for the logs of machines. */
  keyId: string;
  /** Names of which a machine must let one in. */
  principals: string[];
  /** Seconds since 1970. */
  validAfter: number;
  validBefore: number;
  /** 32 random bytes. */
  nonce: Buffer;
}

/** An authority with a key of curve P-256. */
export interface Authority {
  /** Its public key as a line: `ecdsa-sha2-nistp256 AAAA...`. */
  publicKey: string;
  /** Its signature of a message, by ECDSA with SHA-256: two numbers of 32 bytes. */
  sign: (message: Buffer) => Promise<Buffer>;
}

/** The line of a public key of curve P-256 with these coordinates. */
export function authorityLine(x: Buffer, y: Buffer): string {
  const point = Buffer.concat([Buffer.of(4), x, y]);
  const blob = Buffer.concat([string(authorityType), string("nistp256"), string(point)]);
  return `${authorityType} ${blob.toString("base64")}`;
}

const blobOf = (line: string): Buffer => Buffer.from(line.split(" ")[1] ?? "", "base64");

/** The certificate as a line, as in a file `id_ed25519-cert.pub`. */
export async function certify(claims: Claims, authority: Authority): Promise<string> {
  const [, publicKey = Buffer.alloc(0)] = keyFields(blobOf(claims.publicKey).toString("base64"));
  const body = Buffer.concat([
    string(certificateType),
    string(claims.nonce),
    string(publicKey),
    uint64(claims.serial),
    uint32(userCertificate),
    string(claims.keyId),
    string(Buffer.concat(claims.principals.map(string))),
    uint64(BigInt(claims.validAfter)),
    uint64(BigInt(claims.validBefore)),
    // No critical options.
    string(""),
    string(Buffer.concat(extensions.flatMap((name) => [string(name), string("")]))),
    // Reserved.
    string(""),
    string(blobOf(authority.publicKey)),
  ]);
  const pair = await authority.sign(body);
  const numbers = Buffer.concat([mpint(pair.subarray(0, 32)), mpint(pair.subarray(32))]);
  const signature = Buffer.concat([string(authorityType), string(numbers)]);
  return `${certificateType} ${Buffer.concat([body, string(signature)]).toString("base64")} ${claims.keyId}`;
}
