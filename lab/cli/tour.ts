/** A request from outside, and the machines that it passed. */
import { spawnSync } from "node:child_process";
import { authority } from "../authority.ts";
import { holds } from "../polling.ts";
import { readAnswer } from "./answer.ts";
import type { DaemonStatus } from "./daemon.ts";
import { describe, stackStatus } from "./status.ts";
import { outside } from "../fabric/names.ts";

/**
 * How long load balancers may take after an `up` to find their members, and new reverse proxies to have a certificate: they
 * wait until all of them can answer for it.
 */
const timeoutSeconds = 300;

/**
 * Sends a request to each URL of the stack and prints the answers and what runs. Throws where one fails; the reverse
 * proxy's word that nothing is installed behind a URL yet is an answer. A stack whose entry is not up is only shown.
 *
 * @param entry The stack whose reverse proxies are the way in, where it has none of its own.
 */
export async function tour(daemon: DaemonStatus, stack: string, entry?: string): Promise<void> {
  const all = stackStatus(daemon);
  const status = all.find((one) => one.stack === stack);
  const isClosed = entry !== undefined && !all.some((one) => one.stack === entry);
  if (!status || (status.urls.length === 0 && !isClosed))
    throw new Error(`stack "${stack}" has no URL; bring it up with: bin/lab up ${stack}`);
  process.stdout.write(describe([status]));
  if (isClosed) {
    process.stdout.write(
      `\n${stack} is reached through ${entry}, which is not up. Next: bin/lab up ${entry}, and bin/lab up ${stack} again\n`,
    );
    return;
  }
  for (const url of status.urls) {
    let asked!: ReturnType<typeof ask>;
    const attempt = () => (asked = ask(url)).answer !== undefined;
    const answered = await holds(attempt, { timeoutSeconds, intervalSeconds: 1 });
    process.stdout.write(`\n$ bin/lab internet -- curl --include --location ${url}\n${asked.stdout}${asked.stderr}\n`);
    if (!answered) throw new Error(`${url} gave no good answer from outside`);
    if (asked.answer?.served === false)
      process.stdout.write(
        `The reverse proxy gave this answer itself: on the machines of tier ${asked.answer.tier} no program is installed yet.\n`,
      );
  }
  process.stdout.write(`
Look next:
  bin/lab status                        what runs
  bin/lab ssh <machine>                 a shell on a machine, through the reverse proxy
  bin/lab internet                      a shell outside every network
  bin/lab kill <machine> --how power    break something
  bin/lab log arm                       every request to ARM and its answer
`);
}

function ask(url: string) {
  const { status, stdout, stderr } = spawnSync(
    "ip",
    ["netns", "exec", outside, "curl", "-sS", "--include", "--location", "--max-time", "20", url],
    { encoding: "utf8", env: { ...process.env, CURL_CA_BUNDLE: authority().bundleFile } },
  );
  return { stdout, stderr, answer: status === 0 ? readAnswer(stdout) : undefined };
}
