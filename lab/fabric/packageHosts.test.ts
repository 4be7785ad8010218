import { describe, expect, test } from "vitest";
import { packageHosts } from "./packageHosts.ts";

describe("package hosts", () => {
  test("are those that Debian's image and the roles use, where nobody says otherwise", () => {
    const { names, addresses } = packageHosts({});
    expect(names).toEqual(expect.arrayContaining(["deb.debian.org", "registry.npmjs.org", "pypi.org"]));
    expect(addresses).toEqual([]);
  });
  test("are also what LAB_PACKAGE_HOSTS adds, and nothing that other variables name: no machine knows of them", () => {
    const { names, addresses } = packageHosts({
      http_proxy: "http://192.0.2.7:3128",
      PIP_INDEX_URL: "https://pip.example/simple",
      LAB_PACKAGE_HOSTS: "mirror.example, 192.0.2.8",
    });
    expect(names).toContain("mirror.example");
    expect(names).not.toContain("pip.example");
    expect(addresses).toEqual(["192.0.2.8"]);
  });
  test.each(["10.0.0.7", "172.31.255.1", "192.168.1.1", "100.64.0.1"])("%s is private, and refused", (given) => {
    expect(() => packageHosts({ LAB_PACKAGE_HOSTS: given })).toThrow(/private address over the Internet$/);
  });
  test.each(["https://mirror.example/", "10.0.0.0/8", "two/words", "localhost"])("%s is none, and refused", (given) => {
    expect(() => packageHosts({ LAB_PACKAGE_HOSTS: given })).toThrow(`LAB_PACKAGE_HOSTS: given "${given}", allowed`);
  });
});
