import { describe, expect, test } from "vitest";
import { packageHosts } from "./packageHosts.ts";

describe("package hosts", () => {
  test("are those that Debian's image and the roles use, where nobody says otherwise", () => {
    const { names, addresses } = packageHosts({});
    expect(names).toEqual(expect.arrayContaining(["deb.debian.org", "registry.npmjs.org", "pypi.org"]));
    expect(addresses).toEqual([]);
  });
  test("are also the host's proxy and mirrors, and what LAB_PACKAGE_HOSTS adds", () => {
    const { names, addresses } = packageHosts({
      http_proxy: "http://192.0.2.7:3128",
      https_proxy: "proxy.example:3128",
      PIP_INDEX_URL: "https://user:secret@pip.example/simple",
      LAB_PACKAGE_HOSTS: "mirror.example, 192.0.2.8",
    });
    expect(names).toEqual(expect.arrayContaining(["proxy.example", "pip.example", "mirror.example"]));
    expect(addresses).toEqual(["192.0.2.7", "192.0.2.8"]);
    expect(JSON.stringify(names)).not.toContain("secret");
  });
  test.each(["https://mirror.example/", "10.0.0.0/8", "two/words", "localhost"])("%s is none, and refused", (given) => {
    expect(() => packageHosts({ LAB_PACKAGE_HOSTS: given })).toThrow(`LAB_PACKAGE_HOSTS: given "${given}", allowed`);
  });
});
