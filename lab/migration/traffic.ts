/** Requests while a step is made: many that have been told where the environment is, few that follow names. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { authority } from "../authority.ts";
import { clientsPlan, idsOf, outsideClients } from "../chaos/clients.ts";
import type { LoadPlan } from "../chaos/load.ts";
import { cappingResolver, publicResolver, stubbornResolver } from "../fabric/addresses.ts";
import { outside } from "../fabric/names.ts";
import { readClientRecords, type ClientRecord, type ClientsPlan } from "./clients.ts";
import type { Expectation } from "./expectations.ts";
import { hosts } from "./steps.ts";

/** Where reverse proxies are, for each host that a client has been told about. */
export type Told = Readonly<Record<string, string>>;

/** Of each ten numbers one. */
const numbers = Array.from({ length: 10 }, (_, index) => 10 * index + 5);

/** Seconds between two requests of such a client to a host. */
const everySeconds = 2;

/** A load on hosts that it has been told about: what `make chaos` sends, and as many reads again of the back ends. */
export function loadPlan(
  told: Told,
  plan: Pick<LoadPlan, "rate" | "longestSeconds" | "seed" | "timeoutSeconds">,
  now = Date.now(),
): LoadPlan {
  const targets = [hosts.dev, hosts.prod].flatMap(({ front, back }) => [
    ...(told[front] ? clientsPlan({ ...plan, ids: "", urls: [`http://${front}/`] }).targets : []),
    ...(told[back] ? [`95 GET http://${back}/`] : []),
  ]);
  return { ...outsideClients, ...plan, ids: idsOf("g", now), targets, resolve: told };
}

export interface Clients {
  records(): ClientRecord[];
  /** Ends them; what is under way is waited for. */
  stop(): Promise<void>;
}

/**
 * Starts the clients that follow names, and browsers.
 *
 * @param expected The hosts that are asked for by name.
 * @param told Where browsers go; none, while there are no certificates.
 */
export function startClients(expected: readonly Pick<Expectation, "host">[], told: Told, directory: string): Clients {
  mkdirSync(directory, { recursive: true });
  const plan: ClientsPlan = {
    resolvers: [
      { keeping: "honours", resolver: publicResolver },
      { keeping: "caps", resolver: cappingResolver },
      { keeping: "ignores", resolver: stubbornResolver },
    ],
    hosts: expected.map(({ host }) => host),
    numbers,
    told,
    everySeconds,
    caFile: authority().caFile,
    out: join(directory, "clients.jsonl"),
  };
  const program = join(import.meta.dirname, "clientsProcess.ts");
  const words = ["netns", "exec", outside, process.execPath, program, JSON.stringify(plan)];
  // Its input ends with this process, and so does it. Ctrl-C is not for it.
  const child = execa("ip", words, {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
    cleanup: false,
    reject: false,
  });
  let ended: string | undefined;
  const exit = child.then(({ stderr }) => {
    ended = stderr.trim().slice(-500) || "without a word";
  });
  let isStopping = false;
  return {
    records() {
      if (ended !== undefined && !isStopping) throw new Error(`the clients have ended: ${ended}`);
      return existsSync(plan.out) ? readClientRecords(readFileSync(plan.out, "utf8")) : [];
    },
    async stop() {
      isStopping = true;
      child.stdin?.end();
      await exit;
    },
  };
}
