import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Arm } from "./arm.ts";
import { armSource, keysIn, keysInSerialLog, readHostKeys, type HostKeySource } from "./hostKeys.ts";
import type { Member } from "./members.ts";
import { testClock } from "./testing/clock.ts";

/** A well-formed public key. */
function key(type: string, fill: number): string {
  const field = (content: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, fill))]).toString("base64")}`;
}

const ed25519 = key("ssh-ed25519", 1);
const ecdsa = key("ecdsa-sha2-nistp256", 2);
const log = (...keys: string[]) => `[    1.2] systemd[1]: Starting
<14>Nov 23 12:00:00 cloud-init: -----BEGIN SSH HOST KEY FINGERPRINTS-----\r
-----BEGIN SSH HOST KEY KEYS-----\r
${keys.map((line) => `${line} root@front1\r`).join("\n")}
-----END SSH HOST KEY KEYS-----\r
login: `;

test("host keys are what cloud-init printed between its lines", () => {
  expect(keysInSerialLog(log(ed25519, ecdsa))).toEqual([ecdsa, ed25519]);
  expect(keysInSerialLog("")).toEqual([]);
});

test("after a second first boot the newer keys count, and a block that is not complete does not", () => {
  const newer = key("ssh-ed25519", 9);
  expect(keysInSerialLog(log(ed25519) + log(newer))).toEqual([newer]);
  expect(keysInSerialLog(`${log(ed25519)}-----BEGIN SSH HOST KEY KEYS-----\n${newer}\n`)).toEqual([ed25519]);
});

test("what a machine prints at each boot is read as what cloud-init printed", () => {
  const path = join(import.meta.dirname, "../ansible/roles/debian-base/files/platform-host-keys.service");
  const unit = readFileSync(path, "utf8");
  const [, script = ""] = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(unit) ?? [];
  const directory = mkdtempSync(join(tmpdir(), "host-keys-"));
  writeFileSync(join(directory, "ssh_host_ecdsa_key.pub"), `${ecdsa} root@x\n`);
  writeFileSync(join(directory, "ssh_host_ed25519_key.pub"), `${ed25519} root@x\n`);
  const printed = execFileSync("/bin/sh", ["-c", script.replaceAll("/etc/ssh", directory)], { encoding: "utf8" });
  rmSync(directory, { recursive: true });
  expect(keysInSerialLog(log(key("ssh-ed25519", 9)) + printed)).toEqual([ecdsa, ed25519]);
  expect(unit).toMatch(/^StandardOutput=journal\+console$/m);
  expect(unit).toMatch(/^WantedBy=multi-user\.target$/m);
});

test("a key that other output has broken, or of another type than it says, does not count", () => {
  const [type = "", blob = ""] = ed25519.split(" ");
  expect(keysIn(`${type} ${blob.slice(0, 20)}[  3.4] kernel: hello ${blob.slice(20)}`)).toEqual([]);
  expect(keysIn(`ssh-rsa ${blob}`)).toEqual([]);
  expect(keysIn(`[  3.4] cloud-init[1]: ${ecdsa} root@x`)).toEqual([ecdsa]);
});

const machine = (id: string): Member => ({
  id,
  name: `vmss_${id}`,
  hostName: `host-${id}`,
  address: "10.20.1.4",
  scaleSetId: "/set",
  identities: [],
  hasSystemIdentity: false,
  networkInterface: "nic",
  poolIds: [],
});

interface Source {
  logs?: Record<string, string[]>;
  commands?: Record<string, string>;
}

function reading(ids: string[], { logs = {}, commands = {} }: Source, known = new Map<string, string[]>()) {
  const asked: string[] = [];
  const told: string[] = [];
  const source: HostKeySource = {
    serialLog: ({ id }) => {
      const texts = logs[id] ?? [""];
      const text = texts.length > 1 ? texts.shift() : texts[0];
      return text === "fails" ? Promise.reject(new Error("no log today")) : Promise.resolve(text ?? "");
    },
    run: ({ id }) => {
      asked.push(id);
      return commands[id] === undefined
        ? Promise.reject(new Error("the agent does not answer"))
        : Promise.resolve(commands[id]);
    },
  };
  const result = readHostKeys(ids.map(machine), source, {
    timeoutSeconds: 60,
    intervalSeconds: 2,
    consoleSeconds: 20,
    known,
    clock: testClock(),
    progress: (text) => told.push(text),
  });
  return { result, asked, told };
}

test("keys are awaited until the console shows them", async () => {
  const { result, asked, told } = reading(["a", "b"], { logs: { a: [log(ed25519)], b: ["", "", log(ecdsa)] } });
  expect(await result).toEqual({
    keys: new Map([
      ["a", [ed25519]],
      ["b", [ecdsa]],
    ]),
    missing: new Map(),
  });
  expect(told).toEqual(["waiting for host keys of host-b"]);
  expect(asked).toEqual([]);
});

test("a machine whose console no longer shows keys keeps those that were verified before", async () => {
  const { result, asked } = reading(["a"], {}, new Map([["a", [ed25519]]]));
  expect((await result).keys).toEqual(new Map([["a", [ed25519]]]));
  expect(asked).toEqual([]);
});

test("keys on the console win over those of before: the machine may have a new disk", async () => {
  const { result } = reading(["a"], { logs: { a: [log(ecdsa)] } }, new Map([["a", [ed25519]]]));
  expect((await result).keys).toEqual(new Map([["a", [ecdsa]]]));
});

test("a machine whose console shows nothing is asked by its agent, after some patience", async () => {
  const commands = { a: `[stdout]\n${ed25519} root@a\n[stderr]` };
  const { result, asked } = reading(["a"], { logs: { a: ["fails"] }, commands });
  expect((await result).keys).toEqual(new Map([["a", [ed25519]]]));
  expect(asked).toEqual(["a"]);
});

test("machines without keys are told with what was tried, and the others have theirs", async () => {
  const { result } = reading(["a", "b", "c"], { logs: { a: [log(ed25519)] }, commands: { b: "no keys here" } });
  expect(await result).toEqual({
    keys: new Map([["a", [ed25519]]]),
    missing: new Map([
      ["b", "host-b (vmss_b, 10.20.1.4): no host keys in its serial console"],
      ["c", "host-c (vmss_c, 10.20.1.4): the agent does not answer"],
    ]),
  });
});

test("where no machine has keys, the run ends", async () => {
  const { result } = reading(["b", "c"], { commands: { b: "no keys here" } });
  await expect(result).rejects.toThrow(`no host keys after 60 s, without which SSH cannot be verified. Look at the \
machines' boot diagnostics, or delete those that do not start, and run this again:
  host-b (vmss_b, 10.20.1.4): no host keys in its serial console
  host-c (vmss_c, 10.20.1.4): the agent does not answer`);
});

afterEach(() => vi.unstubAllGlobals());

/** ARM of a machine whose agent has this status, and that runs commands so. */
function armOf(vmAgent: object | undefined, runCommand: (...args: unknown[]) => unknown = () => expect.fail("asked")) {
  const virtualMachines = {
    instanceView: () => Promise.resolve({ vmAgent }),
    retrieveBootDiagnosticsData: () => Promise.resolve({ serialConsoleLogBlobUri: "https://blob.example/log" }),
    runCommand,
  };
  return armSource({ compute: { virtualMachines } } as unknown as Arm, "rg", 0.05);
}
const ready = { statuses: [{ code: "ProvisioningState/succeeded", displayStatus: "Ready" }] };

test("an agent that is ready is asked, and its words are the command's", async () => {
  const asked: unknown[] = [];
  const source = armOf(ready, (...args) => {
    asked.push(args[1], args[2]);
    return Promise.resolve({ value: [{ message: "[stdout]" }, { message: "keys" }] });
  });
  expect(await source.run(machine("a"), "cat keys")).toBe("[stdout]\nkeys");
  expect(asked).toEqual(["vmss_a", { commandId: "RunShellScript", script: ["cat keys"] }]);
});

test.each([
  ["not ready", { statuses: [{ displayStatus: "Not Ready", message: "no blob" }] }, "(Not Ready, no blob)"],
  ["without a status", { statuses: [] }, "(no status)"],
  ["not known to Azure", undefined, "(no status)"],
])("an agent that is %s is not asked, since that lasts 90 minutes", async (_, agent, why) => {
  await expect(armOf(agent).run(machine("a"), "x")).rejects.toThrow(
    `its agent is not ready ${why}, so it was not asked`,
  );
});

test("an agent that does not answer is left after its time, and told to give up", async () => {
  let given: AbortSignal | undefined;
  const source = armOf(ready, (...args) => {
    given = (args[3] as { abortSignal: AbortSignal }).abortSignal;
    return new Promise(() => {});
  });
  await expect(source.run(machine("a"), "x")).rejects.toThrow("its agent has not answered within 0.05 s");
  expect(given?.aborted).toBe(true);
});

test("a console's log that does not come is left after its time, whether its head or its body is late", async () => {
  const late = "its serial console's log has not answered within 0.05 s";
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  await expect(armOf(ready).serialLog(machine("a"))).rejects.toThrow(late);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(new ReadableStream())));
  await expect(armOf(ready).serialLog(machine("a"))).rejects.toThrow(late);
});

test("a machine without output has no log yet, and one whose log is refused is told", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
  expect(await armOf(ready).serialLog(machine("a"))).toBe("");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 403 })));
  await expect(armOf(ready).serialLog(machine("a"))).rejects.toThrow("its serial console's log answers 403");
});
