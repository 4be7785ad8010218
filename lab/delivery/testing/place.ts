/** A small project with a real engine, a backend of its own and one of previews, for tests of `bin/delivery`. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { dump } from "js-yaml";
import { parseRecord, type PreviewRecord } from "../../../delivery/record.ts";
import { cacheDir, root } from "../../paths.ts";
import type { ProgramSpec } from "./spec.ts";

export const stack = "dev";

/** How a command ended, with all that it said. */
export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The program, which makes what its configuration lists. */
export const programFolder = join(import.meta.dirname, "program");

export interface Settings {
  program: ProgramSpec;
  /** Ciphertexts by key, as `encrypted` makes them. */
  secrets?: Record<string, string>;
  /** Asked for by the environment: `name` or `name.field`. */
  wanted?: string[];
}

export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), "delivery-"));
  readonly environment: NodeJS.ProcessEnv;
  /** Process group of the last command. */
  group: number | undefined;
  /** What it has said so far. */
  output = "";
  #salt = "";

  constructor() {
    for (const name of ["backend", "previews", "made"]) mkdirSync(join(this.directory, name));
    const home = join(this.directory, "home");
    for (const name of ["azure-native", "command"]) {
      const version = versionOf(name);
      const plugins = join(home, "plugins", `resource-${name}-v${version}`);
      mkdirSync(plugins, { recursive: true });
      symlinkSync(join(import.meta.dirname, "pulumi-resource-stand-in"), join(plugins, `pulumi-resource-${name}`));
    }
    // A built engine has none of its own beside it until the lab has run.
    const language = join(home, "plugins", `language-nodejs-v${versionOf("pulumi")}`);
    mkdirSync(language);
    symlinkSync(join(root, "lab", "engine", "pulumi-language-nodejs"), join(language, "pulumi-language-nodejs"));
    writeFileSync(
      join(this.directory, "Pulumi.yaml"),
      dump({
        name: "small",
        runtime: { name: "nodejs", options: { typescript: false } },
        main: relative(this.directory, programFolder),
      }),
    );
    this.live({});
    this.environment = {
      ...process.env,
      // The lab's own host of the language.
      PATH: `${join(root, "lab", "engine")}:${process.env["PATH"]}`,
      NODE_COMPILE_CACHE: join(cacheDir, "compile"),
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(this.directory, "backend")}`,
      PLATFORM_PREVIEW_BACKEND: `file://${join(this.directory, "previews")}`,
      PULUMI_CONFIG_PASSPHRASE: "of this test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ARM_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000001",
      STAND_IN: join(this.directory, "made"),
      LIVE: join(this.directory, "live.json"),
      CI_COMMIT_SHA: "0123456789abcdef0123456789abcdef01234567",
    };
    writeFileSync(this.#stackFile, "config: {}\n");
    this.pulumi("stack", "init", "--no-select", "--stack", stack);
    this.#salt = readFileSync(this.#stackFile, "utf8");
  }

  get #stackFile(): string {
    return join(this.directory, `Pulumi.${stack}.yaml`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Encrypts values as `pulumi config set --secret` does: what a stack file has of them. */
  encrypted(values: Record<string, string>): Record<string, string> {
    writeFileSync(this.#stackFile, this.#salt);
    const pairs = Object.entries(values).flatMap(([key, value]) => ["--secret", `small:${key}=${value}`]);
    this.pulumi("config", "set-all", "--stack", stack, ...pairs);
    const text = readFileSync(this.#stackFile, "utf8");
    return Object.fromEntries(
      [...text.matchAll(/small:(\w+):\s+secure: (\S+)/g)].map(([, key = "", ciphertext = ""]) => [key, ciphertext]),
    );
  }

  /** Writes the stack file. */
  write({ program, secrets = {}, wanted = [] }: Settings): void {
    const config = {
      "small:program": program,
      ...(wanted.length === 0
        ? {}
        : { "small:environment": { tiers: { one: { secrets: Object.fromEntries(wanted.entries()) } } } }),
      ...Object.fromEntries(Object.entries(secrets).map(([key, secure]) => [`small:${key}`, { secure }])),
    };
    const [salt = ""] = /^encryptionsalt: .*$/m.exec(this.#salt) ?? [];
    writeFileSync(this.#stackFile, `${salt}\n${dump({ config })}`);
  }

  /** What programs find standing. */
  live(values: Record<string, unknown>): void {
    writeFileSync(join(this.directory, "live.json"), JSON.stringify(values));
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** @throws where it fails. */
  pulumi(...args: string[]): string {
    return this.pulumiWith({}, ...args);
  }

  /** The same with other variables besides. */
  pulumiWith(variables: NodeJS.ProcessEnv, ...args: string[]): string {
    const run = spawnSync("pulumi", ["--non-interactive", ...args], {
      cwd: this.directory,
      env: { ...this.environment, ...variables },
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(`pulumi ${args.join(" ")}: ${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  /** Makes what the stack file says, by Pulumi itself. */
  up(): void {
    this.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  }

  /** `bin/delivery` as a process of its own, and what it starts as its group. */
  async delivery(...args: string[]): Promise<Run> {
    const child = spawn(process.execPath, [join(root, "delivery", "main.ts"), ...args], {
      cwd: this.directory,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.group = child.pid;
    this.output = "";
    const run: Run = { status: null, stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        run[stream] += text;
        this.output += text;
      });
    run.status = await new Promise((resolve) => child.on("close", resolve));
    return run;
  }

  /** A preview without secrets, with the files that it wrote. */
  async preview(): Promise<{ run: Run; record: PreviewRecord; widget: unknown; files: string }> {
    const [out, widget] = [this.file("record.json"), this.file("widget.json")];
    const run = await this.delivery("preview", stack, "--out", out, "--widget", widget);
    if (run.status !== 0 && run.status !== 3) throw new Error(`preview ended with ${run.status}: ${run.stderr}`);
    const [text, counts] = [readFileSync(out, "utf8"), readFileSync(widget, "utf8")];
    return { run, record: parseRecord(text), widget: JSON.parse(counts), files: text + counts };
  }

  /** What the engine itself counts for an `up`. */
  engineCounts(): Record<string, number> {
    const digest = JSON.parse(this.pulumi("preview", "--json", "--stack", stack)) as {
      changeSummary?: Record<string, number>;
    };
    return digest.changeSummary ?? {};
  }
}

function versionOf(name: string): string {
  const manifest = createRequire(join(root, "package.json"))(`@pulumi/${name}/package.json`) as {
    version: string;
    pulumi?: { version?: string };
  };
  return (manifest.pulumi?.version ?? manifest.version).replace(/^v/, "");
}
