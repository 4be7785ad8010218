/**
 * From where machines may fetch packages over the host's own Internet, by HTTP and HTTPS at their usual ports: everything
 * else that leaves the lab is refused. Names, each with the names below it, or IPv4 addresses. Machines use them directly:
 * nothing tells them of a proxy or a mirror that the host has.
 */
import { privateBlocks } from "./addresses.ts";
import { blockRange, overlaps } from "./ranges.ts";

/** What Debian's image and the roles use where nobody says otherwise. */
const standard = [
  "deb.debian.org",
  "security.debian.org",
  // Where the service records of those two lead apt.
  "debian.map.fastlydns.net",
  "debian.map.fastly.net",
  "registry.npmjs.org",
  "pypi.org",
  "files.pythonhosted.org",
];

/** More of them, separated by commas or spaces. */
const variable = "LAB_PACKAGE_HOSTS";

export interface PackageHosts {
  names: string[];
  addresses: string[];
}

/** The standard ones, and those of `LAB_PACKAGE_HOSTS`. */
export function packageHosts(environment: NodeJS.ProcessEnv): PackageHosts {
  const given = (environment[variable] ?? "").split(/[\s,]+/).filter(Boolean);
  for (const host of given) {
    if (!isAddress(host) && !isName(host)) {
      throw new Error(
        `${variable}: given "${host}", allowed are host names and IPv4 addresses, separated by commas: ` +
          "mirror.example, 192.0.2.7",
      );
    }
    const block = isAddress(host) && privateBlocks.find((one) => overlaps(blockRange(one), blockRange(host)));
    if (block) {
      throw new Error(
        `${variable}: given "${host}", allowed are public addresses: those of ${block} are private, and as on Azure ` +
          "nobody reaches a private address over the Internet",
      );
    }
  }
  const all = [...new Set([...standard, ...given])];
  return { names: all.filter(isName), addresses: all.filter(isAddress) };
}

function isAddress(text: string): boolean {
  try {
    return !text.includes("/") && blockRange(text).length === 2;
  } catch {
    return false;
  }
}

const isName = (text: string): boolean =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i.test(text) && !/^[\d.]+$/.test(text);
