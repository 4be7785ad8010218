/** A lab in which time passes at once: proxies, the vault and the authority as far as the suite meets them. */
import { FakeClock } from "../../chaos/testing/fakeClock.ts";
import type { RequestRecord } from "../../chaos/history.ts";
import type { Load, LoadPlan } from "../../chaos/load.ts";
import { daySeconds } from "../days.ts";
import { lifeDays, type Service } from "../plan.ts";
import type { Proxy, Served, Tools } from "../tools.ts";

interface Certificate {
  serial: string;
  begins: number;
}

export interface FakeLabOptions {
  /** Called with each thing that is done; may throw. */
  onCommand?: (command: string, day: number) => void;
  /** What is unlike a good answer. */
  answer?: (day: number) => Partial<RequestRecord>;
  served?: (host: string, serial: string) => Served;
  /** Orders for each certificate that is needed. */
  orders?: number;
  /** Seconds until a new proxy is in rotation, by its number. */
  bootSeconds?: (number: number) => number;
  /** Seconds until a host has the certificate that is ordered by hand. */
  issueSeconds?: number;
  /** Seconds from an order until it is counted among what was written. */
  orderSeconds?: number;
  /** Services answer whatever is said. */
  neverAway?: boolean;
}

const start = Date.UTC(2026, 11, 1);

/** Renewals come a day and a half after they are due, or after what was away is back. */
const lateDays = 1.5;

export class FakeLab implements Tools {
  readonly clock = new FakeClock(start);
  readonly commands: string[] = [];
  readonly said: string[] = [];
  readonly #options: FakeLabOptions;
  readonly #vault = new Map<string, Certificate[]>();
  readonly #away = new Map<Service, [from: number, to: number][]>();
  #proxies: { name: string; from: number }[] = [
    { name: "proxy_1", from: 0 },
    { name: "proxy_2", from: 0 },
  ];
  #born = 2;

  constructor(options: FakeLabOptions = {}) {
    this.#options = options;
  }

  say(message: string): void {
    this.said.push(message);
  }

  set(service: Service, isAway: boolean): void {
    this.#note(`${service} ${isAway ? "away" : "back"}`);
    const spans = this.#away.get(service) ?? [];
    const last = spans.at(-1);
    if (isAway) spans.push([this.clock.nowMs(), Infinity]);
    else if (last) last[1] = this.clock.nowMs();
    this.#away.set(service, spans);
  }

  isAway(service: Service): Promise<boolean> {
    return Promise.resolve(!this.#options.neverAway && this.#away.get(service)?.at(-1)?.[1] === Infinity);
  }

  async reissue(host: string): Promise<void> {
    this.#note(`reissue ${host}`);
    await this.clock.sleep(this.#options.issueSeconds ?? 10);
    this.#renew(host);
    this.#issue(host, this.clock.nowMs());
    this.#note(`${host} has another one`);
  }

  serial(host: string): Promise<string> {
    this.#renew(host);
    return Promise.resolve(this.#vault.get(host)?.at(-1)?.serial ?? "");
  }

  written(host: string, since: number): Promise<number> {
    this.#renew(host);
    const to = this.clock.nowMs() - (this.#options.orderSeconds ?? 0) * 1000;
    const found = (this.#vault.get(host) ?? []).filter(({ begins }) => begins >= since && begins <= to);
    return Promise.resolve(found.length);
  }

  ordered(host: string, since: number): number {
    this.#renew(host);
    const count = (this.#vault.get(host) ?? []).filter(({ begins }) => begins >= since).length;
    return count * (this.#options.orders ?? 1);
  }

  proxies(): Promise<{ names: string[]; inRotation: Proxy[] }> {
    const inRotation = this.#proxies
      .filter(({ from }) => from <= this.clock.nowMs())
      .map(({ name }) => ({ name, address: "10.20.0.4", namespace: name }));
    return Promise.resolve({ names: this.#proxies.map(({ name }) => name), inRotation });
  }

  async served(_: Proxy, host: string): Promise<Served> {
    const serial = await this.serial(host);
    return this.#options.served?.(host, serial) ?? { host, serial };
  }

  grow(): Promise<void> {
    this.#born += 1;
    this.#note(`proxy_${this.#born} comes`);
    const from = this.clock.nowMs() + (this.#options.bootSeconds?.(this.#born) ?? 10) * 1000;
    this.#proxies.push({ name: `proxy_${this.#born}`, from });
    return Promise.resolve();
  }

  async remove({ name }: Proxy): Promise<void> {
    this.#note(`${name} goes`);
    await this.clock.sleep(10);
    this.#proxies = this.#proxies.filter((one) => one.name !== name);
  }

  settle(): Promise<void> {
    this.#note("settle");
    this.#proxies = this.#proxies.slice(0, 2);
    return Promise.resolve();
  }

  async wipe({ name }: Proxy, _: readonly string[], withinSeconds: number): Promise<number | undefined> {
    this.#note(`wipe ${name}`);
    await this.clock.sleep(Math.min(5, withinSeconds));
    return withinSeconds === 0 ? undefined : 5;
  }

  load({ rate, targets }: LoadPlan): Load {
    this.#note(`load ${targets.join()}`);
    const from = this.clock.nowMs();
    let end: number | undefined;
    return {
      records: () => {
        const until = end ?? this.clock.nowMs();
        const count = Math.round(((until - from) / 1000) * rate);
        const record = (index: number): RequestRecord => {
          const planned = from + (index * 1000) / rate;
          const good = { planned, sent: planned, latency: 10, method: "GET", status: 200, passed: [] };
          return { ...good, ...this.#options.answer?.((planned - from) / 1000 / daySeconds) };
        };
        return Promise.resolve(Array.from({ length: count }, (_, index) => record(index)));
      },
      stop: () => {
        end ??= this.clock.nowMs();
        return Promise.resolve();
      },
    };
  }

  /** What proxies did until now. */
  #renew(host: string): void {
    for (let last = this.#vault.get(host)?.at(-1); last; last = this.#vault.get(host)?.at(-1)) {
      let at = last.begins + ((lifeDays * 2) / 3) * daySeconds * 1000;
      for (const [from, to] of [...this.#away.values()].flat()) if (from <= at && at < to) at = to;
      at += lateDays * daySeconds * 1000;
      if (at > this.clock.nowMs()) return;
      this.#issue(host, at);
    }
  }

  #issue(host: string, begins: number): void {
    const certificates = this.#vault.get(host) ?? [];
    certificates.push({ serial: `${host} ${certificates.length + 1}`, begins });
    this.#vault.set(host, certificates);
  }

  #note(command: string): void {
    this.commands.push(command);
    this.#options.onCommand?.(command, (this.clock.nowMs() - start) / 1000 / daySeconds);
  }
}
