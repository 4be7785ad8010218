/** Work that is done again whenever somebody asks, one round at a time. */

const retryMilliseconds = 2000;

export class Rounds {
  readonly #round: () => Promise<boolean>;
  readonly #log: (message: string) => void;
  #isWanted = true;
  #isStopped = false;
  #resume: () => void = () => undefined;

  /**
   * `round` tells whether all of it succeeded. After a failure, which may have a passing reason, or a throw, which is
   * logged, there is another round soon.
   */
  constructor(round: () => Promise<boolean>, log: (message: string) => void) {
    this.#round = round;
    this.#log = log;
  }

  /** Asks for a round: after the current one, if there is one. */
  readonly wake = (): void => {
    this.#isWanted = true;
    this.#resume();
  };

  stop(): void {
    this.#isStopped = true;
    this.#resume();
  }

  /** Until it is stopped. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      if (!this.#isWanted) {
        await new Promise<void>((resume) => (this.#resume = resume));
        continue;
      }
      this.#isWanted = false;
      if (!(await this.#tried())) setTimeout(this.wake, retryMilliseconds).unref();
    }
  }

  async #tried(): Promise<boolean> {
    try {
      return await this.#round();
    } catch (error) {
      this.#log(`a round failed: ${error instanceof Error ? error.stack : String(error)}`);
      return false;
    }
  }
}
