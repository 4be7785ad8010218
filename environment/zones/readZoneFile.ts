/** The zone file that a stack file names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDnsName } from "../hostNames.ts";
import { show, type Mistake } from "../mistakes.ts";
import { asObject } from "../untyped.ts";
import { noZoneFile, parseZoneFile, type ZoneFile } from "./zoneFile.ts";

const path = "platform:environment.dns.zoneFile";

/**
 * Reads the zone file of an environment, which may be anything.
 *
 * @param project Path of the directory in which all stack files are.
 */
export function readZoneFile(environment: unknown, project: string): { zoneFile: ZoneFile; mistakes: Mistake[] } {
  const { domain, publicZone, dns } = asObject(environment);
  const { zoneFile: file } = asObject(dns);
  // What is none, says the schema.
  if (typeof file !== "string" || typeof domain !== "string" || !isDnsName(domain))
    return { zoneFile: noZoneFile, mistakes: [] };
  if (publicZone === false)
    return {
      zoneFile: noZoneFile,
      mistakes: [{ path, given: show(file), allowed: "nothing where publicZone is false" }],
    };
  let text: string;
  try {
    text = readFileSync(join(project, file), "utf8");
  } catch (error) {
    const given = `${show(file)}, which cannot be read: ${(error as Error).message}`;
    return { zoneFile: noZoneFile, mistakes: [{ path, given, allowed: "the path of a zone file in the project" }] };
  }
  const zoneFile = parseZoneFile(text, domain);
  const mistakes = zoneFile.mistakes.map(({ place: { line, column }, given, allowed }) => ({
    path: `${file}:${line}:${column}`,
    given,
    allowed,
  }));
  return { zoneFile, mistakes };
}
