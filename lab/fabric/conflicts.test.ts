import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { isFree, nameservers, takenBlocks } from "./conflicts.ts";

describe("address ranges on the host", () => {
  test("that the lab wants are reported with what holds them", () => {
    expect(takenBlocks([{ dst: "10.0.0.0/8", dev: "tun0" }], [], ["10.20.0.0/16"])).toEqual([
      "the lab needs 10.20.0.0/16 for itself, but the host routes 10.0.0.0/8 by tun0" +
        " (`ip route show table all`); free it, or run the lab on another machine",
    ]);
  });
  test("of the lab itself, the default route and others are no conflict", () => {
    const routes = [
      { dst: "default", dev: "eth0" },
      { dst: "198.51.100.0/24", dev: "lab-up" },
      { dst: "192.0.2.0/24", dev: "eth0" },
    ];
    expect(takenBlocks(routes, ["10.255.255.53"], ["198.51.100.0/24", "10.20.0.0/16"])).toEqual([]);
  });
  test("that hold the host's name server are reported", () => {
    expect(takenBlocks([], ["10.20.0.2"], ["10.20.0.0/16"])[0]).toContain("the host's name server is 10.20.0.2");
  });
  test("a resolv.conf names its servers line by line", () => {
    expect(nameservers("# nameserver 1.1.1.1\nnameserver 10.0.0.1\nnameserver ::1\n")).toEqual(["10.0.0.1"]);
  });
});

test("a port is free when nothing listens on it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await isFree("127.0.0.1", port)).toBe(false);
  server.close();
  await once(server, "close");
  expect(await isFree("127.0.0.1", port)).toBe(true);
});
