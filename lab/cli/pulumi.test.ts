import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endGroup, startInOwnGroup } from "../../delivery/apply/testing/ownGroup.ts";

/** A state with something that was being made. */
const owed = {
  resources: [{ urn: "urn:other", type: "", id: "/subscriptions/s/resourceGroups/other" }],
  pending_operations: [
    {
      type: "creating",
      resource: { urn: "urn:group", type: "azure-native:resources:ResourceGroup", inputs: { resourceGroupName: "rg" } },
    },
  ],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  // So that neither keys nor certificates are made.
  for (const file of ["ssh/id_ed25519.pub", "tls/bundle.pem"]) {
    mkdirSync(join(directory, "state", dirname(file)), { recursive: true });
    writeFileSync(join(directory, "state", file), "");
  }
  // Stands for Pulumi: it tells every signal, and ends a while after; what a killed `up` had begun is in its state.
  writeFileSync(
    join(directory, "pulumi"),
    `#!${process.execPath}
    const [, , command, second] = process.argv;
    if (second === "export") {
      console.log(${JSON.stringify(JSON.stringify({ deployment: owed }))});
    } else if (second !== "import") {
      const told = (words) => () => {
        console.log(words);
        setTimeout(() => process.exit(command === "refresh" ? 0 : 7), 300);
      };
      process.on("SIGINT", told("interrupted")).on("SIGTERM", told("terminated"));
      setInterval(() => {}, 1000);
      console.log(command + " begins");
    }`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

test("the lab's stacks may have names under .example, which its networks know", () => {
  const program = `
    import { prepare } from ${JSON.stringify(join(import.meta.dirname, "pulumi.ts"))};
    prepare("dev");`;
  const prepared = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: {
      ...process.env,
      LAB_STATE: join(directory, "state"),
      LAB_CACHE: join(directory, "cache"),
      ENGINE_HOME: directory,
    },
    encoding: "utf8",
  });
  expect(prepared.stderr).toBe("");
  const file = readFileSync(join(directory, "state", "project", "Pulumi.dev.yaml"), "utf8");
  expect((load(file) as { config: object }).config).toMatchObject({ "platform:preflight": { exampleNames: "allow" } });
});

/** Starts a program with this file's functions. */
const begin = (program: string) => {
  const words = `
    import { pulumi, recover } from ${JSON.stringify(join(import.meta.dirname, "pulumi.ts"))};
    ${program}`;
  return startInOwnGroup([process.execPath, "--input-type=module", "-e", words], {
    ...process.env,
    LAB_STATE: join(directory, "state"),
    LAB_CACHE: join(directory, "cache"),
    ENGINE_HOME: directory,
    PATH: `${directory}:${process.env.PATH}`,
  });
};
afterEach(endGroup);

describe("Pulumi is asked once to stop, and waited for, when bin/lab", () => {
  test.each([
    ["is terminated", "SIGTERM", (pid: number) => pid, "terminated"],
    ["and its group are terminated", "SIGTERM", (pid: number) => -pid, "terminated"],
    ["is hung up", "SIGHUP", (pid: number) => pid, "terminated"],
    ["loses its terminal", "SIGHUP", (pid: number) => -pid, "terminated"],
    ["gets Ctrl-C", "SIGINT", (pid: number) => -pid, "interrupted"],
  ] as const)("%s (%s)", async (_, signal, target, said) => {
    const run = begin(`process.exitCode = await pulumi(["up"]);`);
    await expect.poll(() => run.output, { timeout: 20_000 }).toBe("up begins\n");
    process.kill(target(run.pid), signal);
    await expect.poll(() => run.status, { timeout: 5_000 }).toBe(7);
    expect(run.output).toBe(`up begins\n${said}\n`);
  });
});

test.each([
  ["SIGTERM", (pid: number) => pid, "terminated"],
  ["SIGTERM", (pid: number) => -pid, "terminated"],
  ["SIGINT", (pid: number) => -pid, "interrupted"],
] as const)(
  "one that is told to stop while it recovers begins nothing afterwards, though the recovery was at its end (%s)",
  async (signal, target, said) => {
    const file = join(directory, "state", "pulumi", ".pulumi", "stacks", "platform", "dev.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ checkpoint: { latest: owed } }));
    const run = begin(`
      await recover("dev");
      process.exitCode = await pulumi(["up"]);`);
    await expect.poll(() => run.output, { timeout: 20_000 }).toContain("refresh begins\n");
    process.kill(target(run.pid), signal);
    await expect.poll(() => run.status, { timeout: 5_000 }).toBe(1);
    expect(run.output.split("refresh begins\n")[1]).toBe(`${said}\n`);
    expect(run.errors).toContain("bin/recover dev ended with status 2");
  },
);
