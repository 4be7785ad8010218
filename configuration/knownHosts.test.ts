import { expect, test } from "vitest";
import { parseKnownHosts, renderKnownHosts, type SshMachine } from "./knownHosts.ts";

const machines: SshMachine[] = [
  { id: "id-3", name: "proxy2", address: "10.20.0.5", hostKeys: ["ssh-ed25519 CCCC"], jumpAddress: "198.51.100.32" },
  { id: "id-1", name: "front1", address: "10.20.1.4", hostKeys: ["ssh-rsa BBBB", "ssh-ed25519 AAAA"] },
  { id: "id-2", name: "proxy1", address: "10.20.0.4", hostKeys: ["ssh-ed25519 DDDD"], jumpAddress: "198.51.100.32" },
];

test("every machine's address has its keys, and the public address those of all jump hosts", () => {
  expect(renderKnownHosts(machines)).toBe(`# id-1 front1
10.20.1.4 ssh-ed25519 AAAA
10.20.1.4 ssh-rsa BBBB
# id-2 proxy1
10.20.0.4,198.51.100.32 ssh-ed25519 DDDD
# id-3 proxy2
10.20.0.5,198.51.100.32 ssh-ed25519 CCCC
`);
});

test("what was written is read again, by machine", () => {
  expect(parseKnownHosts(renderKnownHosts(machines))).toEqual(
    new Map([
      ["id-1", ["ssh-ed25519 AAAA", "ssh-rsa BBBB"]],
      ["id-2", ["ssh-ed25519 DDDD"]],
      ["id-3", ["ssh-ed25519 CCCC"]],
    ]),
  );
  expect(parseKnownHosts("")).toEqual(new Map());
});
