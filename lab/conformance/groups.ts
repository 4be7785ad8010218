/**
 * Resource groups with the cases' fixtures. A case that changes something has a group of its own; cases that only ask,
 * or are refused, share one for each list of fixtures.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Case, Suite } from "./suite.ts";
import { endOf } from "./operation.ts";
import { withNeeds } from "./rules.ts";
import { isRequestStep } from "./schema.ts";
import { apiVersionOf } from "./apiVersions.ts";
import { errorOf, type Target } from "./target.ts";
import { substitute, variablesIn, type Variables } from "./variables.ts";

/** What a case finds: its group, and the IDs of its fixtures. */
export interface Scope {
  group: string;
  variables: Variables;
}

/** Some step is expected to be accepted and to change something. */
export function changesSomething(one: Case): boolean {
  return one.steps.some((step) => {
    if (!isRequestStep(step)) return true;
    const reads = step.request.method === "GET" || step.request.method === "HEAD";
    // A variable may be anything.
    return !reads && [step.expect.status].flat().some((status) => typeof status === "string" || status < 400);
  });
}

export class Groups {
  readonly run = `conformance-${randomBytes(4).toString("hex")}`;
  readonly #suite: Suite;
  readonly #target: Target;
  readonly #shared = new Map<string, Promise<Scope>>();
  /** IDs of all groups that may exist. */
  readonly #made = new Set<string>();
  readonly #making = new Set<Promise<unknown>>();
  #count = 0;
  #closed = false;

  constructor(suite: Suite, target: Target) {
    this.#suite = suite;
    this.#target = target;
  }

  /** Runs `work` in a group that fits the case. */
  async within<T>(one: Case, work: (scope: Scope) => Promise<{ clean: boolean; value: T }>): Promise<T> {
    const key = (one.given ?? []).join(" ");
    const own = changesSomething(one);
    if (!own && !this.#shared.has(key)) this.#shared.set(key, this.#start(one));
    const scope = await (own ? this.#start(one) : this.#shared.get(key)!).catch((error: unknown) => {
      this.#shared.delete(key);
      throw error;
    });
    const { clean, value } = await work(scope);
    if (own) {
      await this.#startRemoval(scope.group);
      if (variablesIn(one.steps).includes("otherGroup")) await this.#startRemoval(`${scope.group}-other`);
    } else if (!clean) this.#shared.delete(key);
    return value;
  }

  /** Removes every group and waits until all are gone; no group is made any more. */
  async removeAll(): Promise<void> {
    this.#closed = true;
    // A group whose PUT is under way would come into being after its removal.
    await Promise.allSettled(this.#making);
    const made = [...this.#made];
    const outcomes = await Promise.allSettled(made.map((id) => this.#remove(id)));
    const left = made.filter((_, index) => outcomes[index]?.status === "rejected");
    const reason: unknown = outcomes.find(({ status }) => status === "rejected");
    if (left.length > 0) throw new Error(`these groups are left, remove them: ${left.join(", ")}`, { cause: reason });
  }

  #start(one: Case): Promise<Scope> {
    const making = this.#make(one).finally(() => this.#making.delete(making));
    this.#making.add(making);
    return making;
  }

  async #make(one: Case): Promise<Scope> {
    this.#count += 1;
    const { subscription, location, otherLocation } = this.#target;
    const groupName = `${this.run}-${this.#count}`;
    const group = `/subscriptions/${subscription}/resourceGroups/${groupName}`;
    const unique = `${this.run.slice(-8)}${this.#count}`;
    const guids = { guid: randomUUID(), otherGuid: randomUUID() };
    const names = { groupName, group, otherGroup: `${group}-other`, unique, ...guids };
    const own = { subscription, location, otherLocation, ...names };
    const variables: Record<string, unknown> = { ...this.#suite.variables, ...this.#target.variables, ...own };
    this.#made.add(group);
    if (variablesIn(one.steps).includes("otherGroup")) this.#made.add(`${group}-other`);
    await this.#put("the group", group, { location, tags: { "conformance-run": this.run } });
    for (const name of withNeeds(one.given ?? [], this.#suite)) {
      for (const [index, put] of this.#suite.fixtures[name]!.put.entries()) {
        const path = substitute(put.path, variables);
        await this.#put(`fixture ${name}`, path, substitute(put.body, variables), put.version);
        if (index === 0) variables[name] = path;
        if (put.as !== undefined) variables[put.as] = path;
      }
    }
    return { group, variables };
  }

  async #put(what: string, path: string, body: unknown, version = apiVersionOf(path)): Promise<void> {
    if (this.#closed) throw new Error("The run was stopped");
    const headers = { "content-type": "application/json" };
    const request = { method: "PUT", url: `${path}?api-version=${version}`, headers, body: JSON.stringify(body) };
    const answer = await this.#target.send(request);
    const end = answer.status < 300 ? await endOf(request, answer, this.#target) : errorOf(answer.body);
    if (end && "state" in end && end.state === "Succeeded")
      return path.includes("/roleAssignments/") ? this.#target.untilRightsCount() : undefined;
    throw new Error(`${what}: PUT ${path} answered ${answer.status} ${JSON.stringify(end ?? answer.body)}`);
  }

  async #startRemoval(id: string): Promise<void> {
    const answer = await this.#target.send({ method: "DELETE", url: `${id}?api-version=2024-03-01`, headers: {} });
    if (answer.status === 404) this.#made.delete(id);
  }

  async #remove(id: string): Promise<void> {
    const request = { method: "DELETE", url: `${id}?api-version=2024-03-01`, headers: {} };
    const answer = await this.#target.send(request);
    if (answer.status === 404) return;
    const end = answer.status < 300 ? await endOf(request, answer, this.#target) : undefined;
    if (end?.state === "Succeeded" || end?.code === "ResourceGroupNotFound") return;
    throw new Error(
      `The resource group ${id} could not be removed: ${answer.status} ${JSON.stringify(end ?? answer.body)}`,
    );
  }
}
