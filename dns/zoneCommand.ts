/** `bin/zone`: the public zone of a stack, its records of old, and what name servers serve of both. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectAs, type Connection } from "../azure/arm.ts";
import { logInWithout } from "../azure/credential.ts";
import { standingZone } from "../azure/publicZone.ts";
import { questions } from "../azure/questions.ts";
import { settingsInFile } from "../environment/fromFile.ts";
import { StackError } from "../environment/mistakes.ts";
import { resourceName } from "../environment/names.ts";
import type { Plan } from "../environment/plan.ts";
import { checkSettings, stackFile, type CheckedSettings } from "../environment/settings.ts";
import { planPublicRecords, publicHosts } from "../environment/zones/publicRecords.ts";
import { fullName, showSet, type RecordSet } from "../environment/zones/recordSet.ts";
import { askedNames, differences, type Side } from "./compare.ts";
import { resolverOf, resolverVariable, serversOf, serverText } from "./servers.ts";
import { readyAt, showMoment } from "./switches.ts";

const help = `Usage: bin/zone check|list|compare [options] <stack>

  check     reads the stack's zone file (dns.zoneFile), and tells every mistake with its line and column, which address each
            routed host has, and from when on hosts may go over to Azure; asks nobody
  list      the same, and all record sets that the stack's public zone has at Azure, as a zone file has them
  compare   asks every name server of the old provider and of Azure about every name, and tells name by name what differs:
            the old ones serve what the zone file says, Azure's what the stack says. A host that is at Azure by dns.target
            differs intentionally, which is told apart

  --old SERVERS        name servers of the old provider (dns.legacy.nameServers), separated by commas:
                       ${serverText}
  --new SERVERS        name servers of Azure, in place of those that ARM tells; Azure is not asked then
  --address ADDRESS    the public address of the environment, in place of the one that ARM tells
  --resolver ADDRESS   who is asked for the addresses of name servers (${resolverVariable}, else the system's)
  --json               print JSON: {"domain", "names": number, "old": [...], "new": [...], "readyAt",
                       "differences": [{"server", "name", "expected", "found"}], "intended": [{"name", "old", "new"}]};
                       of check and list {"domain", "hosts", "readyAt", "sets"}
  --config-file FILE   the stack's settings, in place of Pulumi.<stack>.yaml

Azure is asked with the stack's login (bin/inventory --help), for the zone and the public address: Reader is enough.

Exit status: 0 nothing is wrong; 1 something is, or differs; 2 wrong use.`;

class WrongUse extends Error {}

const options = {
  help: { type: "boolean", short: "h", default: false },
  json: { type: "boolean", default: false },
  old: { type: "string" },
  new: { type: "string" },
  address: { type: "string" },
  resolver: { type: "string" },
  "config-file": { type: "string" },
} as const;

type Values = ReturnType<typeof read>["values"];

function read() {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new WrongUse((error as Error).message, { cause: error });
  }
}

const project = join(import.meta.dirname, "..");
const listOf = (text: string | undefined) => text?.split(",").filter(Boolean);

/** In place of an address that is not there yet. */
const noAddress = "(the public address)";

async function main(): Promise<number> {
  const { values, positionals } = read();
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [command, stack, ...more] = positionals;
  if (!["check", "list", "compare"].includes(command ?? ""))
    throw new WrongUse(`given ${command ?? "no command"}, allowed is check, list or compare`);
  if (stack === undefined || more.length > 0)
    throw new WrongUse(`given ${positionals.length - 1} stacks, allowed is one`);
  const file = values["config-file"] ?? join(project, stackFile(stack));
  const given = settingsInFile(file, stack);
  const settings = checkSettings(given, join(project, "ansible"), project);
  const { plan, mistakes } = settings.planWith(new Map());
  if (mistakes.length > 0) throw new StackError(settings.file, mistakes);
  if (!plan.publicZone)
    throw new Error(`${settings.file}: given publicZone: false, allowed is a stack with a public zone`);
  if (command !== "compare") return tellRecords(plan, settings, values, command === "list");
  const connection = async () => connectAs(await logInWithout(given.provider, settings.cloud));
  return compare(plan, settings, values, connection);
}

function readyText(plan: Plan): string {
  const ready = readyAt(plan.dns);
  if (ready === undefined)
    return "Hosts may not go over to Azure yet: dns.legacy.loweredAt does not say when the time to live was lowered";
  return ready.getTime() === 0
    ? "Hosts may go over to Azure as far as times to live go"
    : `Hosts may go over to Azure from ${showMoment(ready)} on${ready <= new Date() ? ", which has passed" : ""}`;
}

function tellRecords(
  plan: Plan,
  { zoneFile, file }: CheckedSettings,
  { json, address = noAddress }: Values,
  all: boolean,
) {
  const sets = planPublicRecords(plan, zoneFile, address);
  const hosts = publicHosts(plan, zoneFile).map(({ host, target }) => ({ host, target }));
  const ready = readyAt(plan.dns);
  if (json) {
    const readyMoment = ready && showMoment(ready);
    console.log(
      JSON.stringify({ domain: plan.domain, hosts, readyAt: readyMoment, ...(all ? { sets } : {}) }, null, 2),
    );
    return 0;
  }
  const { zoneFile: path } = plan.dns;
  console.log(
    `${file}: ${sets.length} record sets of ${plan.domain}, ${zoneFile.sets.length} in ${path ?? "no zone file"}`,
  );
  for (const { host, target } of hosts) console.log(`  ${host}: ${target}`);
  console.log(readyText(plan));
  if (all)
    for (const { name, ttl, type, values } of sets)
      for (const value of values) console.log(`${name}\t${ttl}\tIN\t${type}\t${value}`);
  return 0;
}

async function compare(plan: Plan, settings: CheckedSettings, values: Values, connect: () => Promise<Connection>) {
  const { domain } = plan;
  const { zoneFile } = settings;
  const azure = await atAzure(plan, values, connect);
  const planned = planPublicRecords(plan, zoneFile, azure.address ?? noAddress);
  if (azure.nameServers.length > 0 && planned.some((set) => set.values.includes(noAddress)))
    throw new Error("the environment has no public address at Azure; --address names one");
  const resolver = resolverOf(values.resolver);
  const [old, ours] = await Promise.all([
    serversOf(listOf(values.old) ?? plan.dns.legacy?.nameServers ?? [], resolver),
    serversOf(azure.nameServers, resolver),
  ]);
  const sides: Side[] = [
    { servers: old, sets: zoneFile.sets },
    { servers: ours, sets: planned },
  ];
  if (old.length + ours.length === 0)
    throw new Error(
      `${domain} has no name servers: dns.legacy names none, and no zone stands at Azure; --old and --new name some`,
    );
  const found = await differences(domain, sides);
  const names = askedNames(sides.flatMap(({ sets }) => [...sets])).length;
  const intended = intendedOf(plan, zoneFile.sets, planned);
  if (values.json) {
    const [oldNames, newNames] = [old, ours].map((servers) => servers.map(({ name }) => name));
    const ready = readyAt(plan.dns);
    const report = { domain, names, old: oldNames, new: newNames, readyAt: ready && showMoment(ready) };
    console.log(JSON.stringify({ ...report, differences: found, intended }, null, 2));
    return found.length > 0 ? 1 : 0;
  }
  const told = (servers: { name: string }[], none: string) => servers.map(({ name }) => name).join(", ") || none;
  console.log(`${domain}: ${names} names`);
  console.log(`  old: ${told(old, "none; dns.legacy names none")}`);
  console.log(`  new: ${told(ours, "none; no zone stands at Azure")}`);
  for (const { name, old: before, new: after } of intended) console.log(`intended: ${name}: ${before} -> ${after}`);
  for (const { server, name, expected, found: is } of found)
    console.log(`${name} at ${server}\n  expected: ${expected}\n  found:    ${is}`);
  console.log(found.length === 1 ? "1 difference" : `${found.length} differences`);
  console.log(readyText(plan));
  return found.length > 0 ? 1 : 0;
}

/** What ARM tells, as far as nobody else has told it. */
async function atAzure(
  plan: Plan,
  given: Values,
  connect: () => Promise<Connection>,
): Promise<{ nameServers: string[]; address?: string | undefined }> {
  const nameServers = listOf(given.new);
  if (nameServers) return { nameServers, address: given.address };
  const connection = await connect();
  const zone = await standingZone(questions(connection.rest), plan);
  if (!zone) return { nameServers: [], address: given.address };
  return { nameServers: zone.nameServers, address: given.address ?? (await publicAddress(plan, connection)) };
}

async function publicAddress(plan: Plan, { network }: Connection): Promise<string | undefined> {
  if (!plan.reverseProxy.public) return undefined;
  const names = [resourceName("resourceGroup", plan.stack), resourceName("publicAddress", plan.stack)] as const;
  return (await network.publicIPAddresses.get(...names)).ipAddress;
}

/** What is at Azure another than in the zone file, since the stack says so. */
function intendedOf(plan: Plan, old: readonly RecordSet[], planned: readonly RecordSet[]) {
  const key = ({ name, type }: RecordSet) => `${name} ${type}`;
  const keys = [...new Map([...old, ...planned].map((set) => [key(set), set])).values()];
  const shown = (sets: readonly RecordSet[], wanted: RecordSet) => {
    const set = sets.find((one) => key(one) === key(wanted));
    return set ? showSet(set) : "(nothing)";
  };
  return keys
    .map((set) => ({ name: fullName(set.name, plan.domain), old: shown(old, set), new: shown(planned, set) }))
    .filter((pair) => pair.old !== pair.new);
}

try {
  process.exitCode = await main();
} catch (error) {
  const isWrongUse = error instanceof WrongUse;
  console.error(`bin/zone: ${(error as Error).message}${isWrongUse ? "\nbin/zone --help tells more" : ""}`);
  process.exitCode = isWrongUse ? 2 : 1;
}
