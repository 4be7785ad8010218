/** A request from outside, and the machines that it passed. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { DaemonStatus } from "./daemon.ts";
import { describe, stackStatus } from "./status.ts";

/** Seconds that load balancers may take after an `up` to find their members. */
const patience = 60;

/** Asks until the answer is a good one; the last answer where none is. */
async function answer(url: string) {
  const end = Date.now() + patience * 1000;
  for (;;) {
    const asked = spawnSync(
      "ip",
      ["netns", "exec", "lab-outside", "curl", "-sS", "--include", "--max-time", "20", url],
      { encoding: "utf8" },
    );
    if ((asked.status === 0 && good.test(asked.stdout)) || Date.now() > end) return asked;
    await sleep(1000);
  }
}

const good = /^HTTP\/[0-9.]+ 2/;

/** Sends a request to each URL of the stack and prints the answers and what runs. Throws where one fails. */
export async function tour(daemon: DaemonStatus, stack: string): Promise<void> {
  const status = stackStatus(daemon).find((one) => one.stack === stack);
  if (!status || status.urls.length === 0)
    throw new Error(`stack "${stack}" has no URL; bring it up with: bin/lab up ${stack}`);
  process.stdout.write(describe([status]));
  for (const url of status.urls) {
    const asked = await answer(url);
    process.stdout.write(`\n$ bin/lab internet -- curl --include ${url}\n${asked.stdout}${asked.stderr}\n`);
    if (asked.status !== 0 || !good.test(asked.stdout)) throw new Error(`${url} gave no good answer from outside`);
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
