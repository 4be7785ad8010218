/**
 * Machines on their way up. Only some boot at the same time: all at once would be slower, and none would be in time. A
 * boot that fails is tried again for as long as the machine shall run; a machine that is not up within its time is
 * late, and says why, but goes on being tried.
 */
import { type Boot, type BootsOptions, rebootStatus, whyOff } from "./boot.ts";

interface Entry {
  /** Absent until the first attempt begins. */
  boot?: Boot;
  /** `off`: it lost its power, or powered itself off, and stays off. */
  phase: "waiting" | "switching" | "booting" | "off";
  /** Of a waiting machine: its turn does not come earlier. */
  notBefore: number;
  /** Of a booting machine: when it was switched on. */
  since: number;
  /** Of a booting machine: when it was first seen not to run any more. */
  ended?: number;
  answered: boolean;
  /** Why it is not up, once it is late. */
  late?: string;
}

/** The process that notes how systemd-nspawn ended does so within this time. */
const noteSeconds = 2;

const longestBackoffSeconds = 30;

export class Boots {
  readonly #options: BootsOptions;
  readonly #nowMs: () => number;
  /** In the order in which they came, or came again after an attempt that failed: their turns. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: BootsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** The machine shall be switched on when it is its turn; `boot` is what another daemon has remembered. */
  begin(id: string, boot?: Boot): void {
    if (this.#entries.has(id)) return;
    const entry: Entry = { phase: "waiting", notBefore: 0, since: 0, answered: false, ...(boot && { boot }) };
    this.#entries.set(id, entry);
    if (boot) this.#checkLate(id, entry);
  }

  /** Another daemon has switched it on, and has not seen it up. */
  resume(id: string, boot: Boot): void {
    if (this.#entries.has(id)) return;
    this.#entries.set(id, { phase: "booting", notBefore: 0, since: this.#nowMs(), answered: false, boot });
  }

  /** It ended before it was up, and stays off, as `boot.reason` says; nobody but this tells that it is late. */
  stay(id: string, boot: Boot): void {
    if (this.#entries.has(id)) return;
    this.#entries.set(id, { phase: "off", notBefore: 0, since: 0, answered: false, boot });
  }

  /** The machine need not come up any more. */
  drop(id: string): void {
    this.#entries.delete(id);
  }

  dropAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.drop(id);
  }

  /** Whether the machine waits for its turn, or boots. */
  isOnItsWay(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && entry.phase !== "off";
  }

  /** Why a machine that is late is not up; undefined for every other one. */
  late(id: string): string | undefined {
    return this.#entries.get(id)?.late;
  }

  /** Looks how the boots are, and begins those whose turn it is. To be called every second, and when something changed. */
  look(): void {
    for (const [id, entry] of [...this.#entries]) {
      if (entry.phase === "booting") this.#see(id, entry);
      if (this.#entries.get(id) === entry) this.#checkLate(id, entry);
    }
    const now = this.#nowMs();
    let free = this.#options.atOnce - [...this.#entries.values()].filter((entry) => this.#hasTurn(entry)).length;
    for (const [id, entry] of this.#entries) {
      if (free <= 0) return;
      if (entry.phase !== "waiting" || entry.notBefore > now) continue;
      free -= 1;
      void this.#attempt(id, entry);
    }
  }

  /** A machine that takes very long, though its systemd answers, is not in the way of the others for ever. */
  #hasTurn(entry: Entry): boolean {
    return entry.phase === "switching" || (entry.phase === "booting" && !this.#isOutOfPatience(entry));
  }

  /** On a host that is that slow, the next attempt has more time. */
  #patienceSeconds({ boot }: Entry): number {
    return this.#options.provisioningSeconds * Math.min(2 ** ((boot?.silent ?? 0) - 1), 2);
  }

  #isOutOfPatience(entry: Entry): boolean {
    return this.#nowMs() - entry.since > this.#patienceSeconds(entry) * 1000;
  }

  #see(id: string, entry: Entry): void {
    const { running, exitStatus, answers, ready } = this.#options.see(id);
    entry.answered ||= answers;
    if (ready) {
      this.#entries.delete(id);
      const { boot, late } = entry;
      if (late !== undefined || (boot?.attempts ?? 1) > 1)
        this.#options.log(`${this.#options.nameOf(id)}: is up, at attempt ${boot?.attempts ?? 1}`);
      void this.#options.isUp(id).catch((error: unknown) => this.#complain(id, error));
    } else if (!running) {
      this.#end(id, entry, exitStatus);
    } else if (!entry.answered && this.#isOutOfPatience(entry)) {
      const seconds = Math.round(this.#patienceSeconds(entry));
      if (entry.boot) entry.boot.silent = (entry.boot.silent ?? 0) + 1;
      void this.#fail(id, entry, `its systemd did not answer within ${seconds} s`);
    }
  }

  #end(id: string, entry: Entry, status: number | undefined): void {
    entry.ended ??= this.#nowMs();
    if (status === undefined && this.#nowMs() - entry.ended <= noteSeconds * 1000) return;
    const why = whyOff(status);
    if (why !== undefined) {
      entry.phase = "off";
      if (entry.boot) entry.boot.reason = why;
    } else {
      const how =
        status === rebootStatus ? "it rebooted before it was up" : `systemd-nspawn ended with status ${status}`;
      void this.#fail(id, entry, how);
    }
  }

  async #attempt(id: string, entry: Entry): Promise<void> {
    entry.phase = "switching";
    entry.boot = {
      ...entry.boot,
      began: entry.boot?.began ?? this.#nowMs(),
      attempts: (entry.boot?.attempts ?? 0) + 1,
    };
    try {
      await this.#options.switchOn(id, entry.boot);
    } catch (error) {
      return this.#fail(id, entry, error instanceof Error ? error.message : String(error));
    }
    entry.phase = "booting";
    entry.since = this.#nowMs();
    entry.ended = undefined;
    entry.answered = false;
  }

  async #fail(id: string, entry: Entry, how: string): Promise<void> {
    if (this.#entries.get(id) !== entry || !entry.boot) return;
    entry.phase = "switching";
    const { attempts, reason: before } = entry.boot;
    const seconds = Math.min(2 ** (attempts - 1), longestBackoffSeconds);
    try {
      const words = await this.#options.lastWords(id);
      entry.boot.reason = words === "" || how.includes(words) ? how : `${how}: ${words}`;
      await this.#options.giveUp(id, entry.boot);
    } catch (error) {
      this.#complain(id, error);
    }
    if (this.#entries.get(id) !== entry) return;
    // The same reason again and again need not be told again.
    if (entry.boot.reason !== before) {
      const name = this.#options.nameOf(id);
      this.#options.log(`${name}: boot ${attempts} failed, tried again in ${seconds} s: ${entry.boot.reason}`);
    }
    if (entry.late !== undefined && entry.boot.reason !== undefined) entry.late = entry.boot.reason;
    // Behind all that wait already: else machines that fail again and again would keep the turns to themselves.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    entry.phase = "waiting";
    entry.notBefore = this.#nowMs() + seconds * 1000;
  }

  #checkLate(id: string, entry: Entry): void {
    const { boot } = entry;
    if (!boot || entry.late !== undefined) return;
    if (this.#nowMs() - boot.began <= this.#options.provisioningSeconds * 1000) return;
    entry.late = boot.reason ?? "it is not set up yet";
    const tell = () =>
      this.#options.log(
        `${this.#options.nameOf(id)}: not up within ${this.#options.provisioningSeconds} s: ${entry.late}`,
      );
    if (boot.reason !== undefined) return tell();
    this.#options.lastWords(id).then(
      (words) => {
        if (words !== "") entry.late = `it is not set up yet: ${words}`;
        tell();
      },
      (error: unknown) => this.#complain(id, error),
    );
  }

  #complain(id: string, error: unknown): void {
    this.#options.log(`${this.#options.nameOf(id)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
