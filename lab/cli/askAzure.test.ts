import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let directory: string;
const state = (...names: string[]) => join(directory, "state", ...names);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  // So that neither keys nor certificates are made.
  for (const file of ["ssh/id_ed25519.pub", "tls/bundle.pem"]) {
    mkdirSync(dirname(state(file)), { recursive: true });
    writeFileSync(state(file), "");
  }
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs a program with the lab's modules at hand, and a lab of its own. */
function run(program: string): { stdout: string; stderr: string } {
  const imports = [
    ["askAzure", "askAzure"],
    ["sshCertificate", "sshCertificate"],
    ["prepare", "pulumi"],
  ].map(([name, file]) => `import { ${name} } from ${JSON.stringify(join(import.meta.dirname, `${file}.ts`))};`);
  return spawnSync(process.execPath, ["--input-type=module", "-e", [...imports, program].join("\n")], {
    env: { ...process.env, LAB_STATE: state(), LAB_CACHE: join(directory, "cache"), ENGINE_HOME: directory },
    encoding: "utf8",
  });
}

const configOf = (stack: string) =>
  (load(readFileSync(state("project", `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, object> }).config;

test("a command that asks Azure without Pulumi is given the lab's stack file, certificates and login", () => {
  const { stdout, stderr } = run(`
    const overlay = { stack: "dev", settings: ["tiers.back.instances=3"], left: [] };
    const shown = ["sh", "-c", 'echo "$NODE_EXTRA_CA_CERTS" "$@"', "sh"];
    askAzure("inventory", ["--wait", "dev"], overlay, { before: shown });`);
  const command = join(import.meta.dirname, "..", "..", "bin", "inventory");
  const file = state("project", "Pulumi.dev.yaml");
  expect([stderr, stdout]).toEqual(["", `${state("tls", "bundle.pem")} ${command} --wait dev --config-file ${file}\n`]);
  expect(configOf("dev")).toMatchObject({ "platform:environment": { tiers: { back: { instances: 3 } } } });
  expect(configOf("dev")).toHaveProperty(["azure-native:clientSecret"]);
});

describe("the key of a stack's authority", () => {
  /** The authorities of dev after these commands, each of which prints a line. */
  function authoritiesAfter(...commands: string[][]): unknown {
    const { stdout, stderr } = run(`
      const overlay = { stack: "dev", settings: [], left: [] };
      ${JSON.stringify(commands)}.forEach((args, index) =>
        sshCertificate(args, overlay, ["sh", "-c", "echo line " + index, "sh"]));
      prepare("dev");`);
    expect([stderr, stdout]).toEqual(["", commands.map((_, index) => `line ${index}\n`).join("")]);
    expect(configOf("prod")["platform:administrators"]).not.toHaveProperty("authorities");
    return (configOf("dev")["platform:administrators"] as { authorities?: object }).authorities;
  }

  test("is printed, and counts from then on, each for its own user", () => {
    expect(
      authoritiesAfter(
        ["authority", "--for", "deploy", "dev"],
        ["--for=administrator", "authority", "--signer", "deploy", "dev"],
      ),
    ).toEqual({ deploy: ["line 0"], administrator: ["line 1"] });
  });

  test("is neither what help says nor where a certificate was written", () => {
    expect(
      authoritiesAfter(
        ["authority", "--for", "deploy", "--help", "dev"],
        ["--for", "deploy", "--out", "authority", "dev"],
      ),
    ).toBeUndefined();
  });
});
