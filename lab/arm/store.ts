/**
 * The lab's memory of all resources and operations: SQLite, mirrored in memory.
 * A request changes it in one transaction, so a kill at any moment leaves all of the request or nothing.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { keyOf, parentOf } from "./ids.ts";
import type { Operation } from "./operation.ts";
import { isLive, type Body, type Computed, type Resource, type State } from "./resource.ts";

type Undo = () => void;

export class Store {
  readonly #database: DatabaseSync;
  readonly #resources = new Map<string, Resource>();
  readonly #operations = new Map<string, Operation>();
  #revision: number;
  #order = 0;
  #undo: Undo[] | undefined;
  #onWrite: () => void = () => undefined;

  constructor(file: string) {
    // Resources hold secrets. SQLite gives the files that it makes beside this one the same mode.
    closeSync(openSync(file, "a", 0o600));
    this.#database = new DatabaseSync(file);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000");
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS resources (key TEXT PRIMARY KEY, document TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS operations (key TEXT PRIMARY KEY, document TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, document TEXT NOT NULL);`);
    const rows = this.#database.prepare("SELECT document FROM resources").all();
    const resources = rows.map((row) => JSON.parse(String(row["document"])) as Resource);
    for (const resource of resources.sort((a, b) => a.order - b.order)) {
      this.#resources.set(resource.key, resource);
      this.#order = Math.max(this.#order, resource.order);
    }
    for (const row of this.#database.prepare("SELECT document FROM operations").all()) {
      const operation = JSON.parse(String(row["document"])) as Operation;
      this.#operations.set(operation.name, operation);
    }
    this.#revision = this.setting<number>("revision", () => 0);
  }

  get revision(): number {
    return this.#revision;
  }

  /** Called whenever a resource or an operation was written. */
  onWrite(listener: () => void): void {
    this.#onWrite = listener;
  }

  close(): void {
    this.#database.close();
  }

  /** A value kept beside the resources, made at first use. */
  setting<T>(name: string, make: () => T): T {
    const row = this.#database.prepare("SELECT document FROM settings WHERE key = ?").get(name);
    if (row) return JSON.parse(String(row["document"])) as T;
    const value = make();
    this.#write("settings", name, value);
    return value;
  }

  /** Keeps a value in place of the one before. */
  putSetting(name: string, value: unknown): void {
    this.#write("settings", name, value);
  }

  /** Runs `work`; when it throws, nothing of it remains. It cannot wait: what followed would be outside of it. */
  transaction<T>(work: () => T): T {
    if (this.#undo) return work();
    this.#undo = [];
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      if (result instanceof Promise) throw new Error("a transaction cannot wait for a promise");
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo();
      this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  get<B extends Body = Body>(id: string): Resource<B> | undefined {
    return this.#resources.get(keyOf(id)) as Resource<B> | undefined;
  }

  /** A resource that exists and is not going away. */
  live<B extends Body = Body>(id: string): Resource<B> | undefined {
    const resource = this.get<B>(id);
    return resource && isLive(resource) ? resource : undefined;
  }

  all(): Resource[] {
    return [...this.#resources.values()].sort((a, b) => a.order - b.order);
  }

  /** Of one type, in the order of their creation. */
  ofType<B extends Body = Body>(type: string): Resource<B>[] {
    return this.all().filter((resource) => resource.type.toLowerCase() === type.toLowerCase()) as Resource<B>[];
  }

  /** Children of one type, those going away included. */
  children<B extends Body = Body>(parent: string, type: string): Resource<B>[] {
    return this.ofType<B>(type).filter((resource) => keyOf(parentOf(resource.id)) === keyOf(parent));
  }

  create<B extends Body>(id: string, type: string, body: B, computed: Computed, state: State): Resource<B> {
    this.#order += 1;
    const name = id.slice(id.lastIndexOf("/") + 1);
    const key = keyOf(id);
    const created = new Date().toISOString();
    const resource = { id, key, type, name, body, computed, state, guid: randomUUID(), created, order: this.#order };
    return this.put({ ...resource, revision: 0, etag: "" }, true);
  }

  /** Stores `resource`. `changed`: the world may be another one now, so it gets the next revision and a new ETag. */
  put<B extends Body>(resource: Resource<B>, changed: boolean): Resource<B> {
    const stored = changed ? { ...resource, revision: this.#nextRevision(), etag: randomUUID() } : resource;
    this.#remember(this.#resources, stored.key);
    this.#resources.set(stored.key, stored);
    this.#write("resources", stored.key, stored);
    return stored;
  }

  remove(id: string): void {
    this.#remember(this.#resources, keyOf(id));
    this.#resources.delete(keyOf(id));
    this.#database.prepare("DELETE FROM resources WHERE key = ?").run(keyOf(id));
  }

  operation(name: string): Operation | undefined {
    return this.#operations.get(name);
  }

  operations(): Operation[] {
    return [...this.#operations.values()];
  }

  putOperation(operation: Operation): void {
    this.#remember(this.#operations, operation.name);
    this.#operations.set(operation.name, operation);
    this.#write("operations", operation.name, operation);
  }

  removeOperation(name: string): void {
    this.#remember(this.#operations, name);
    this.#operations.delete(name);
    this.#database.prepare("DELETE FROM operations WHERE key = ?").run(name);
  }

  #nextRevision(): number {
    const before = this.#revision;
    this.#undo?.push(() => (this.#revision = before));
    this.#revision += 1;
    this.#write("settings", "revision", this.#revision);
    return this.#revision;
  }

  #remember<T>(map: Map<string, T>, key: string): void {
    const before = map.get(key);
    this.#undo?.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
  }

  #write(table: "resources" | "operations" | "settings", key: string, document: unknown): void {
    const statement = `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET document = excluded.document`;
    this.#database.prepare(statement).run(key, JSON.stringify(document));
    this.#onWrite();
  }
}
