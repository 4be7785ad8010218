/** What is done in the lab: the commands that a user has, and what people do at the old provider, the registry and the vault. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../../dns/ask.ts";
import { certificateSecret } from "../../environment/certificates.ts";
import { resourceName } from "../../environment/names.ts";
import { authority } from "../authority.ts";
import type { Clock } from "../chaos/clock.ts";
import type { Verdict } from "../chaos/goals.ts";
import { startLoad } from "../chaos/load.ts";
import { runningDaemon } from "../cli/daemon.ts";
import { projectDir } from "../cli/pulumi.ts";
import { lab, labCommand, outside, run, status } from "../commands.ts";
import { Vault } from "../e2e/vault.ts";
import { oldHostAddress, oldNameServers, registryAddress } from "../fabric/addresses.ts";
import { root } from "../paths.ts";
import { holds } from "../polling.ts";
import { expectations } from "./expectations.ts";
import type { MigrationRecord } from "./record.ts";
import { inProject, writeStackFiles } from "./stackFiles.ts";
import { hosts, oldTimeToLive, type Check, type Stack, type State } from "./steps.ts";
import { startClients } from "./traffic.ts";
import type { Tools } from "./walk.ts";
import { domains, registered, zoneFiles } from "./zones.ts";

/** The operator's computer gives way to what stands for Azure on the same host: there it has processors of its own. */
const givingWay = ["sh", "-c", '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 "$@"', "sh"];

const upSeconds = 1800;
/** In which proxies fetch certificates, or have them from an authority: an attempt that failed is repeated after minutes. */
const certificateSeconds = 1200;
/** What an `up` needs at the most until it asks what is refused. */
const refusalSeconds = 90;

export function labTools(
  record: MigrationRecord,
  stacks: readonly Stack[],
  program: string,
  clock: Clock,
  say: Tools["say"],
): Tools {
  const { all } = record.options;
  const stackFiles = stackFilesIn(record.directory);
  const zones = join(record.directory, "zones");
  const oldZone = join(zones, "old.zone");
  const domain = domains[registered(all)];
  const givenSecrets = new Set<string>();

  const write = (state: State) => {
    const loweredAt = new Date(record.moments.lowered ?? clock.nowMs()).toISOString().replace(/\.\d+Z$/, "Z");
    writeStackFiles(stackFiles, state, { zones: inProject(zones), loweredAt });
  };

  const up = (stack: Stack) => run([...givingWay, labCommand, "up", stack], { seconds: upSeconds, apart: true });

  /** What somebody with the right puts into the vault: the old host's certificates, for hosts that are `given`. */
  const giveCertificates = async (stack: Stack, state: State) => {
    const { given = [] } = (state.files[stack]["reverseProxy.tls"] ?? {}) as { given?: string[] };
    const missing = given.filter((host) => !givenSecrets.has(`${stack} ${host}`));
    if (missing.length === 0) return;
    const vault = await Vault.open(stack);
    for (const host of missing) {
      const { keyFile, certFile } = authority().issue(`old-${host}`, [`DNS:${host}`]);
      const pem = [keyFile, certFile].map((file) => readFileSync(file, "utf8")).join("");
      await vault.set(certificateSecret(host), pem);
      givenSecrets.add(`${stack} ${host}`);
    }
  };

  const outsideWorld = async (before: State | undefined, { outside: wanted }: State) => {
    const had = before?.outside;
    const is = (name: keyof State["outside"]) => had?.[name] === wanted[name];
    if (!is("oldHost"))
      await lab("old-host", ...(wanted.oldHost ? stacks.flatMap((one) => Object.values(hosts[one])) : ["--none"]));
    // Always: a record that was copied has none.
    const { old, project } = zoneFiles(all, wanted);
    writeFileSync(oldZone, old);
    for (const [stack, text] of Object.entries(project)) writeFileSync(join(zones, `${stack}.zone`), text);
    if (!is("timeToLive")) {
      if (wanted.oldProvider) await lab("old-dns", domain, oldZone);
      if (wanted.timeToLive < oldTimeToLive) record.at("lowered", clock.nowMs());
    }
    if (!is("registry")) {
      await lab("registry", domain, wanted.registry);
      record.at("registered", clock.nowMs());
    }
    if (!is("oldProvider")) await lab("old-dns", domain, wanted.oldProvider ? oldZone : "--remove");
  };

  return {
    clock,
    say,
    async bring(before, after, ups) {
      await outsideWorld(before === after ? undefined : before, after);
      write(after);
      for (const stack of ups) {
        await giveCertificates(stack, after);
        say(`bin/lab up ${stack}`);
        const { status: ended, output, seconds } = await up(stack);
        if (ended !== 0) throw new Error(`bin/lab up ${stack} ended with ${ended}:\n${output.trim().slice(-2000)}`);
        say(`up of ${stack} took ${seconds.toFixed(0)} s`);
      }
    },
    check: (check, state, next) => checked(check, state, next),
    addresses,
    load: (plan, directory) => startLoad(program, plan, directory),
    clients: startClients,
  };

  async function addresses(): Promise<Record<string, string | undefined>> {
    const found = stacks.map(async (stack) => [stack, await publicAddress(stack)] as const);
    return { old: oldHostAddress, ...Object.fromEntries(await Promise.all(found)) };
  }

  async function checked(check: Check, state: State, next: State | undefined): Promise<Verdict> {
    switch (check) {
      case "compared":
        return compared(all ? ["prod"] : ["dev"]);
      case "refused":
        return refused(state, next);
      case "delegated":
        return delegated(state);
      case "certificates":
        return certificates(state, false);
      case "issued":
        return certificates(state, true);
      case "private":
        return isPrivate();
    }
  }

  async function compared(compares: readonly Stack[]): Promise<Verdict> {
    const ask = async () => {
      const found = await Promise.all(
        compares.map((stack) =>
          run([
            ...[labCommand, "run", stack, join(root, "bin", "zone"), "compare", stack, "--json"],
            ...["--config-file", join(projectDir, `Pulumi.${stack}.yaml`)],
          ]),
        ),
      );
      return found.map(({ status: ended, stdout, output }) =>
        ended === 0
          ? (JSON.parse(stdout) as { names: number; old: string[]; new: string[]; differences: unknown[] })
          : output.trim().slice(-500),
      );
    };
    const isClean = (found: Awaited<ReturnType<typeof ask>>) =>
      found.every((one) => typeof one !== "string" && one.old.length > 0 && one.new.length > 0);
    // Azure's servers have a change within seconds.
    const { found, met } = await lastAnswer(ask, isClean, 60);
    const got = found.map((one) =>
      typeof one === "string"
        ? one
        : `${one.differences.length} differences in ${one.names} names, at ${one.old.length} old and ${one.new.length} new servers`,
    );
    return { goal: "bin/zone compare finds nothing", wanted: "0 differences", got: got.join("; "), met };
  }

  async function refused(state: State, next: State | undefined): Promise<Verdict> {
    const [stack] = stacks.slice(all ? -1 : 0);
    if (!next || !stack) throw new Error("no address is switched after this step");
    const { lowered } = record.moments;
    if (lowered === undefined) throw new Error("the old provider's time to live was not lowered");
    const ready = lowered + oldTimeToLive * 1000;
    const goal = "a switch is refused while the old time to live has not run out";
    const moment = new Date(ready).toISOString().slice(0, 19);
    const wanted = `the date ${moment}, and nothing changed`;
    // Later the switch would be made.
    if (clock.nowMs() + refusalSeconds * 1000 >= ready)
      return { goal, wanted, got: `not tried: less than ${refusalSeconds} s were left`, met: false };
    const records = async () => JSON.stringify((await runningDaemon()).world.zones);
    const before = await records();
    write(next);
    let ended: Awaited<ReturnType<typeof up>>;
    try {
      ended = await up(stack);
    } finally {
      write(state);
    }
    const isSame = (await records()) === before;
    // The moment in the stack file has whole seconds.
    const told = ended.output.replaceAll(/\s+/g, " ");
    const met = ended.status !== 0 && told.includes(`azure from ${moment}`) && isSame;
    const got = met
      ? "refused"
      : `status ${ended.status}, ${isSame ? "nothing" : "something"} changed: ${told.slice(-500)}`;
    return { goal, wanted, got, met };
  }

  async function delegated({ outside: { registry } }: State): Promise<Verdict> {
    const old = oldNameServers.map(({ name }) => name);
    const wanted = registry === "old" ? old : await nameServersOf(registered(all));
    const plain = (names: readonly string[]) =>
      names
        .map((name) => name.replace(/\.$/, "").toLowerCase())
        .sort()
        .join(" ");
    const servers = async () => {
      const { authorities = [], answers = [] } = await ask(
        { name: "the registry", address: registryAddress, port: 53 },
        domain,
        "NS",
      );
      return plain([...authorities, ...answers].flatMap((one) => (one.type === "NS" ? [one.data] : [])));
    };
    const { found, met } = await lastAnswer(servers, (names) => names === plain(wanted), 30);
    return { goal: "the registry names the name servers", wanted: plain(wanted), got: found, met };
  }

  /** Asks every host at the address at which clients of the environment come in. */
  async function certificates(state: State, isAuthority: boolean): Promise<Verdict> {
    const known = await addresses();
    const places = expectations(state, stacks).map(({ host, entry }) => ({ host, address: known[entry] ?? "" }));
    const script = `
      const { connect } = require("node:tls");
      const { readFileSync } = require("node:fs");
      const [caFile, ...places] = process.argv.slice(1);
      for (const place of places) {
        const [servername, host] = place.split("=");
        const socket = connect({ host, port: 443, servername, ca: readFileSync(caFile), timeout: 5000 });
        const tell = (what) => { console.log(servername + " " + what); socket.destroy(); };
        socket.on("secureConnect", () => tell(socket.getPeerCertificate().issuer.CN));
        socket.on("error", ({ message }) => tell("refused: " + message)).on("timeout", () => tell("refused: no answer"));
      }`;
    const words = places.map(({ host, address }) => `${host}=${address}`);
    const ask = async () =>
      (await outside(process.execPath, "-e", script, authority().caFile, ...words)).stdout.trim().split("\n");
    const isGood = (line: string) => {
      const issuer = line.slice(line.indexOf(" ") + 1);
      return !issuer.startsWith("refused: ") && (issuer === "Lab authority") !== isAuthority;
    };
    const wanted = isAuthority
      ? "all trusted, of the authority that is asked by ACME"
      : "all trusted, those of the old host";
    const { found, met } = await lastAnswer(
      ask,
      (lines) => lines.length === places.length && lines.every(isGood),
      certificateSeconds,
    );
    return { goal: "every host has its certificate at Azure", wanted, got: found.join(", "), met };
  }

  async function isPrivate(): Promise<Verdict> {
    const got = await publicAddress("dev");
    return { goal: "dev has no public address", wanted: "none", got: got ?? "none", met: got === undefined };
  }
}

const publicAddress = async (stack: Stack): Promise<string | undefined> =>
  (await status(stack)).publicAddresses.find(({ name }) => name === resourceName("publicAddress", stack))?.address;

/** The folder of a record's stack files. */
export const stackFilesIn = (directory: string): string => join(directory, "stacks");

/** Names of Azure's name servers of a stack's zone. */
async function nameServersOf(stack: Stack): Promise<string[]> {
  const { stdout } = await lab("pulumi", "stack", "output", "nameServers", "--json", "--stack", stack);
  return JSON.parse(stdout) as string[];
}

/** Asks until the answer is right, or the time is up. */
async function lastAnswer<T>(
  ask: () => Promise<T>,
  right: (answer: T) => boolean,
  seconds: number,
): Promise<{ found: T; met: boolean }> {
  let found = await ask();
  const isRight = async () => right(found) || right((found = await ask()));
  const met = await holds(isRight, { timeoutSeconds: seconds, intervalSeconds: 5 });
  return { found, met };
}
