import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";

const host = join(import.meta.dirname, "pulumi-language-nodejs");
const provider = join(import.meta.dirname, "..", "provider", "bin", "pulumi-resource-command");

/** Starts a host for an engine at this address, by a parent that ends at once; returns its process ID. */
function orphan(address: string): number {
  const script = `"$0" "$1" "$2" >/dev/null 2>&1 & echo $!`;
  return Number(execFileSync("sh", ["-c", script, process.execPath, host, address], { encoding: "utf8" }));
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a host whose engine was killed while the host started ends", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  const pid = orphan(`127.0.0.1:${port}`);
  try {
    await expect.poll(() => runs(pid), { timeout: 20_000, interval: 100 }).toBe(false);
  } finally {
    if (runs(pid)) process.kill(pid);
  }
});

test.each([
  ["host", host, []],
  ["provider", provider, []],
  // As of `pulumi up --logflow --logtostderr -v 9 --tracing ...`.
  ["provider with flags of the engine", provider, ["--logtostderr", "-v=9", "--tracing", "file:/dev/null"]],
])("a %s whose engine answers stays until that ends it", async (_, program, flags) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [program, ...flags, `127.0.0.1:${port}`], { stdio: "ignore" });
  const ended = once(child, "exit");
  await Promise.race([once(server, "connection"), ended]);
  await new Promise((done) => setTimeout(done, 1500));
  expect(child.exitCode).toBeNull();
  child.kill();
  await ended;
  server.close();
});
