/** One machine's way up: what is remembered of it, what is seen of it, and what is done with it. */

/** What is remembered of a machine that is not up yet, also by the next daemon. */
export interface Boot {
  /** Beginning of the first attempt; milliseconds since 1970. */
  began: number;
  attempts: number;
  /** Those of them in which its systemd did not answer. */
  silent?: number;
  /** Why the last attempt failed, if one has. */
  reason?: string;
}

/** A machine as the kernel and its agent see it, since its last switching on. */
export interface Sight {
  running: boolean;
  /** How systemd-nspawn has ended; absent while it runs, and where it was killed. */
  exitStatus?: number;
  /** Its systemd answers. */
  answers: boolean;
  /** Its first boot has come as far as Azure asks for "provisioned". */
  ready: boolean;
}

export interface BootsOptions {
  /** Machines that boot at the same time. */
  atOnce: number;
  /** Time from the first attempt on after which a machine is late. */
  provisioningSeconds: number;
  /** Switches the machine on, having written down `boot`; rejects with the reason why it cannot. */
  switchOn: (id: string, boot: Boot) => Promise<void>;
  see: (id: string) => Sight;
  /** What the machine has said last in this boot; empty where it said nothing. */
  lastWords: (id: string) => Promise<string>;
  /** Ends what is left of a failed attempt, and writes down `boot`. */
  giveUp: (id: string, boot: Boot) => Promise<void>;
  /** The machine is up: nothing of its boot need be remembered. */
  isUp: (id: string) => Promise<void>;
  log: (message: string) => void;
  /** The machine's name, for the log. */
  nameOf: (id: string) => string;
  /** Milliseconds since 1970. */
  nowMs?: () => number;
}

/** Exit status of systemd-nspawn when the guest asked for a reboot. */
export const rebootStatus = 133;

/** Of a shell's child that was killed. */
const killedStatus = 137;

/** Why a machine that ended before it was up stays off; undefined where it is tried again. By systemd-nspawn's status. */
export function whyOff(status: number | undefined): string | undefined {
  if (status === 0) return "it powered itself off before it was up";
  return status === undefined || status === killedStatus ? "it lost its power" : undefined;
}
