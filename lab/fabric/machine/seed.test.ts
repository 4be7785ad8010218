import { gzipSync } from "node:zlib";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import type { Machine } from "../../world.ts";
import { instanceId, seedFiles } from "./seed.ts";

const machine: Machine = {
  id: "/subscriptions/s/machine",
  name: "vmss-front_1a2b",
  hostName: "front1a2b",
  networkId: "n",
  subnetId: "s",
  address: "10.20.1.4",
  image: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
  cpus: 1,
  memory: 512,
  adminUser: "platform",
  sshKeys: ["ssh-ed25519 AAAA a: b # c\n"],
  powered: true,
  generation: 0,
  scripts: [],
  tags: {},
};
const trust = { authority: "LAB\n", bundle: "DEBIAN\n" };

function file(of: Machine, path: string): string | Uint8Array | undefined {
  return seedFiles(of, trust).find((one) => one.path.endsWith(path))?.content;
}

test("cloud-init gets an instance, a host name and the keys, whatever characters their comments have", () => {
  expect(load(String(file(machine, "meta-data")))).toEqual({
    "instance-id": instanceId(machine),
    "local-hostname": "front1a2b",
    "public-keys": ["ssh-ed25519 AAAA a: b # c"],
  });
});

test("the instance is another one after Reimage, and for another machine", () => {
  const ids = [machine, { ...machine, generation: 1 }, { ...machine, id: "/subscriptions/s/other" }].map(instanceId);
  expect(new Set(ids).size).toBe(3);
});

test("user data is byte by byte what the resource holds, compressed or not", () => {
  const bytes = gzipSync("#cloud-config\n");
  expect(file({ ...machine, customData: bytes.toString("base64") }, "user-data")).toEqual(bytes);
  expect(file(machine, "user-data")).toEqual(Buffer.alloc(0));
});

test("user data is for root's eyes only", () => {
  expect(seedFiles(machine, trust).find(({ path }) => path.endsWith("user-data"))?.mode).toBe(0o600);
});

test("the administrator of the resource is cloud-init's default user, and nothing else is looked for", () => {
  const config = String(file(machine, "90-lab.cfg"));
  expect(load(config)).toMatchObject({
    datasource_list: ["NoCloud"],
    network: { config: "disabled" },
    ssh_pwauth: false,
    system_info: { default_user: { name: "platform", lock_passwd: true } },
  });
  // ds-identify does not parse YAML: it takes the text between the brackets of a line of its own.
  expect(config).toMatch(/^datasource_list: \[ NoCloud \]$/m);
});

test("the machine trusts the lab's authority beside Debian's", () => {
  expect(file(machine, "ca-certificates.crt")).toBe("DEBIAN\nLAB\n");
  expect(file(machine, "ca-certificates/lab.crt")).toBe("LAB\n");
});
