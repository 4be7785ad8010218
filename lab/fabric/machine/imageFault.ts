/**
 * The image broken on purpose, to see what becomes of machines that do not boot: `bin/lab image`. A program takes the
 * place of init in machines that have not been up yet, as long as it lies in the state directory. The image itself, and
 * disks, are not touched.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../files.ts";

/** What each does, for help texts. */
export const imageFaults = {
  exits: "its init exits at once",
  hangs: "its init runs, and nothing ever comes up",
  whole: "nothing is wrong with it",
} as const;

export type ImageFault = keyof typeof imageFaults;

const ends: Record<Exclude<ImageFault, "whole">, string> = {
  // What init says in its very last moment, systemd-nspawn may lose.
  exits: "sleep 0.3; exit 1",
  hangs: "while :; do sleep 3600; done",
};

const fileOf = (stateDir: string): string => join(stateDir, "broken-init");

/** Breaks the image that machines get from now on, or mends it. Needs no daemon. */
export function setImageFault(stateDir: string, fault: ImageFault): void {
  if (fault === "whole") return rmSync(fileOf(stateDir), { force: true });
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const script = `#!/bin/sh\necho "init failed: the image is broken on purpose (bin/lab image ${fault})"\n${ends[fault]}\n`;
  writeAtomically(fileOf(stateDir), script, 0o755);
}

/** Arguments of systemd-nspawn for a machine that has not been up yet. */
export function faultArguments(stateDir: string): string[] {
  const file = fileOf(stateDir);
  // systemd-nspawn starts the first init that it finds, and looks there first.
  return existsSync(file) ? [`--bind-ro=${file}:/usr/lib/systemd/systemd`] : [];
}
