/**
 * From where machines may fetch packages over the host's own Internet: everything else that leaves the lab is refused.
 * Names, each with the names below it, or IPv4 addresses.
 */
import { blockRange } from "./ranges.ts";

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

/** Variables that name a proxy, a mirror or an index by its URL. */
const urlVariables = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "PIP_INDEX_URL", "npm_config_registry"];

/** More of them, separated by commas or spaces. */
const variable = "LAB_PACKAGE_HOSTS";

export interface PackageHosts {
  names: string[];
  addresses: string[];
}

/** The standard ones, those of the host's proxy and mirrors, and those of `LAB_PACKAGE_HOSTS`. */
export function packageHosts(environment: NodeJS.ProcessEnv): PackageHosts {
  const given = (environment[variable] ?? "").split(/[\s,]+/).filter(Boolean);
  const mirrors = urlVariables.flatMap((name) => hostOf(environment[name]) ?? []);
  for (const host of given) {
    if (!isAddress(host) && !isName(host)) {
      throw new Error(
        `${variable}: given "${host}", allowed are host names and IPv4 addresses, separated by commas: ` +
          "mirror.example, 192.0.2.7",
      );
    }
  }
  const all = [...new Set([...standard, ...mirrors, ...given])];
  return { names: all.filter(isName), addresses: all.filter(isAddress) };
}

function hostOf(url: string | undefined): string | undefined {
  if (url === undefined || url === "") return undefined;
  const { hostname } = URL.parse(url.includes("://") ? url : `http://${url}`) ?? {};
  return hostname !== undefined && (isAddress(hostname) || isName(hostname)) ? hostname : undefined;
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
