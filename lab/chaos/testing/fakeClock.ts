/** Time that passes at once, in the order in which sleepers wake. */
import type { Clock } from "../clock.ts";

interface Sleeper {
  wake: number;
  done: () => void;
  fail: (error: Error) => void;
}

export class FakeClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];
  #ended: Error | undefined;

  constructor(now: number) {
    this.#now = now;
  }

  nowMs(): number {
    return this.#now;
  }

  sleep(seconds: number): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((done, fail) => {
      this.#sleepers.push({ wake: this.#now + seconds * 1000, done, fail });
      if (this.#sleepers.length === 1) this.#pass();
    });
  }

  /** Everything shall end, as after Ctrl-C. */
  end(): void {
    this.#ended = new Error("ended");
    for (const { fail } of this.#sleepers.splice(0)) fail(this.#ended);
  }

  /** Wakes the next sleeper when everybody else has come to rest. */
  #pass(): void {
    setTimeout(() => {
      const next = this.#sleepers.sort((a, b) => a.wake - b.wake).shift();
      if (!next) return;
      this.#now = Math.max(this.#now, next.wake);
      next.done();
      if (this.#sleepers.length > 0) this.#pass();
    }, 0);
  }
}
