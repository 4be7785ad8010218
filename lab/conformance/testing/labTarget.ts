/** The lab's own ARM server inside of this process, with a fabric that agrees at once. */
import { client, subscription, tenant, TestLab } from "../../arm/testing/testLab.ts";
import { TestIssuer } from "../../arm/testing/issuer.ts";
import { vaultSuffix } from "../../serviceNames.ts";
import type { MachineStatus, WorldStatus } from "../../world.ts";
import type { LabStep } from "../schema.ts";
import type { Target } from "../target.ts";

// One place knows where the lab's test support lies.
export { client, subscription, tenant, TestLab } from "../../arm/testing/testLab.ts";

const processors = 2;

export interface LabTarget extends Target {
  lab: TestLab;
}

export async function startLab(): Promise<LabTarget> {
  const lab = new TestLab();
  await lab.start();
  const issuer = new TestIssuer();
  await issuer.start();
  const assertionSubject = "project_path:group/platform:ref_type:branch:ref_protected:false";
  const federation = {
    issuer: issuer.url,
    assertionSubject,
    assertion: await issuer.token({ subject: assertionSubject, expires: 3600 }),
    endedAssertion: await issuer.token({ subject: assertionSubject, begins: -600, expires: -300 }),
    forgedAssertion: await issuer.token({ subject: assertionSubject, expires: 3600, forged: true }),
  };
  const login = { clientId: client.id, clientSecret: client.secret, ...federation };
  const authorization = `Bearer ${await lab.token()}`;
  const vaultAuthorization = `Bearer ${await lab.token(`https://${vaultSuffix}`)}`;
  const fabric = new FakeFabric(lab);
  return {
    lab,
    name: "lab",
    subscription,
    location: "westeurope",
    otherLocation: "northeurope",
    variables: { tenant, principalId: client.id, vaultSuffix, ...login },
    revision: () => lab.arm.world().revision,
    send: async ({ method, url, headers, body }) => {
      const { hostname, pathname, search, href } = new URL(url, lab.endpoint);
      const answer = hostname.endsWith(`.${vaultSuffix}`)
        ? await lab.service(method, href, body, { authorization: vaultAuthorization, ...headers })
        : await lab.fetch(method, pathname + search, body, { authorization, ...headers });
      const empty = answer.body === "";
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: empty ? undefined : answer.body,
      };
    },
    untilRightsCount: () => Promise.resolve(lab.pass(20)),
    pause: () => 1,
    act: (step) => fabric.act(step),
    reset: () => fabric.reset(),
  };
}

/** What `lab` steps have asked for. */
class FakeFabric {
  readonly #lab: TestLab;
  #health: [part: string, health: MachineStatus["health"]][] = [];
  #lost: string[] = [];
  #off: string[] = [];
  #errors: WorldStatus["errors"] = [];
  #late: [part: string, reason: string][] = [];
  #scriptExit = 0;

  constructor(lab: TestLab) {
    this.#lab = lab;
    lab.adjust = (status) => this.#adjust(status);
    lab.effects.restart = (id) => {
      lab.restarted.push(id);
      this.#off = this.#off.filter((part) => !id.includes(part));
      setImmediate(() => lab.automatic && lab.report());
      return Promise.resolve();
    };
  }

  act(step: LabStep): void {
    const lab = this.#lab;
    if (step.limits) lab.arm.limits(step.limits);
    if (step.automatic !== undefined) lab.automatic = step.automatic;
    if (step.hold) lab.held = step.hold.map((part) => part.toLowerCase());
    if (step.missingHealth) lab.missingHealth = step.missingHealth;
    if (step.vault) lab.vaultState = step.vault;
    if (step.lost) this.#lost = step.lost.map((part) => part.toLowerCase());
    if (step.off) this.#off = step.off.map((part) => part.toLowerCase());
    if (step.late) this.#late = Object.entries(step.late).map(([part, reason]) => [part.toLowerCase(), reason]);
    if (step.health) this.#health = Object.entries(step.health).map(([part, health]) => [part.toLowerCase(), health]);
    if (step.scriptExit !== undefined) this.#scriptExit = step.scriptExit;
    if (step.errors)
      this.#errors = Object.entries(step.errors).map(([id, message]) => ({ id: id.toLowerCase(), message }));
    if (step.cpuPercent !== undefined) this.#use(step.cpuPercent / 100);
    if (step.pass !== undefined) lab.pass(step.pass);
    else if (step.report || lab.automatic) lab.report();
  }

  reset(): void {
    const lab = this.#lab;
    lab.held = [];
    lab.missingHealth = "ignored";
    lab.vaultState = "whole";
    lab.automatic = true;
    lab.arm.limits({ reset: true });
    this.#lost = [];
    this.#off = [];
    lab.cpuSeconds = () => undefined;
    this.#health = [];
    this.#errors = [];
    this.#late = [];
    this.#scriptExit = 0;
    lab.report();
  }

  #use(share: number): void {
    const lab = this.#lab;
    const start = lab.nowMilliseconds;
    lab.cpuSeconds = () => ((lab.nowMilliseconds - start) / 1000) * processors * share;
  }

  #adjust(status: WorldStatus): WorldStatus {
    const machines = status.machines.map((machine) => {
      const [, health] = this.#health.find(([part]) => part !== "*" && machine.id.includes(part)) ?? [];
      const usual = this.#health.find(([part]) => part === "*")?.[1];
      const scripts = machine.scripts.map((script) => ({ ...script, exitStatus: this.#scriptExit }));
      if (this.#lost.some((part) => machine.id.includes(part)))
        return { ...machine, power: "lost" as const, ready: false, health: "Missing" as const, scripts };
      if (this.#off.some((part) => machine.id.includes(part)))
        return { ...machine, power: "stopped" as const, ready: false, health: "Missing" as const, scripts };
      const [, late] = this.#late.find(([part]) => machine.id.includes(part)) ?? [];
      const seen = { ...machine, health: health ?? usual ?? machine.health, scripts };
      return late === undefined ? seen : { ...seen, power: "starting" as const, ready: false, late };
    });
    return { ...status, machines, errors: this.#errors };
  }
}
