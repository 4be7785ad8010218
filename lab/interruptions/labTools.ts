/** What is done with the stack, in the lab. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { daemonStatus } from "../cli/daemon.ts";
import { stackStatus } from "../cli/status.ts";
import { labCommand, run, type Result } from "../commands.ts";
import { isWhole } from "../e2e/groupStatus.ts";
import { holds } from "../polling.ts";
import type { Tools } from "./interruption.ts";
import { MarkedCommand } from "./markedCommand.ts";
import type { InterruptionsRecord } from "./record.ts";

const runLab = (...words: string[]) => run([labCommand, ...words], { seconds: 1800, apart: true });

/** @param command Runs `bin/lab` to its end; tests have another. */
export function labTools(
  record: InterruptionsRecord,
  command: (...words: string[]) => Promise<Result> = runLab,
): Tools {
  const { stack } = record.options;
  const set = (settings: readonly string[]) =>
    [`vault.name=${record.vault}`, ...settings].flatMap((setting) => ["--set", setting]);
  // As the job `apply` of templates/apply/template.yml does it.
  const words = (settings: readonly string[], approved?: string) =>
    approved === undefined
      ? ["up", stack, ...set(settings)]
      : ["delivery", ...set(settings), "up", stack, "--approved", approved, "--cancel-lock"];
  const succeed = async (...given: string[]) => {
    const { status, output } = await command(...given);
    if (status !== 0)
      throw new Error(`bin/lab ${given.join(" ")} ended with ${status}:\n${output.trim().slice(-1500)}`);
  };
  const whole = async () => {
    const daemon = await daemonStatus();
    const found = daemon && stackStatus(daemon).find((one) => one.stack === stack);
    return found !== undefined && isWhole(found);
  };
  return {
    async destroy() {
      // Before: one that fails half-way may have deleted the vault.
      record.nameVault();
      await succeed("destroy", stack);
    },
    approve: (settings, approved) =>
      succeed("delivery", ...set(settings), "preview", stack, "--exact", "--out", approved),
    begin: (settings, log, approved) => new MarkedCommand([labCommand, ...words(settings, approved)], log),
    async up(settings, log, approved) {
      const ended = await command(...words(settings, approved));
      writeFileSync(log, ended.output);
      return ended;
    },
    preview: (settings) => command("preview", stack, ...set(settings), "--", "--expect-no-changes"),
    tour: () => command("tour", stack),
    async pending() {
      const { stdout } = await command("pulumi", "stack", "export", "--stack", stack);
      const { deployment } = JSON.parse(stdout) as { deployment: { pending_operations?: unknown[] } };
      return deployment.pending_operations?.length ?? 0;
    },
    becomesWhole: () => holds(whole, { timeoutSeconds: 240, intervalSeconds: 1 }),
    sleep: (seconds) => sleep(seconds * 1000),
    nowMs: () => performance.now(),
  };
}
