/** Clones over HTTPS from outside every network. Needs root. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "./gitServer.ts";
import { run } from "./host.ts";
import { inIsolation } from "./testing/isolated.ts";
import { Networks } from "./networks.ts";
import { outside } from "./names.ts";

await inIsolation(import.meta.filename, async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  process.env.LAB_STATE = stateDir;
  const { authority } = await import("../authority.ts");
  const ca = authority();
  const networks = new Networks({ stateDir, authority: ca });
  const clone = (caFile: string, to: string) =>
    run(
      [
        "ip",
        "netns",
        "exec",
        outside,
        "git",
        "clone",
        "--quiet",
        "https://git.chatbot.example/front.git",
        join(stateDir, to),
      ],
      { env: { GIT_SSL_CAINFO: caFile, GIT_CONFIG_GLOBAL: "/dev/null" }, accept: [128] },
    );

  beforeAll(async () => {
    mkdirSync(join(stateDir, "front"));
    writeFileSync(join(stateDir, "front", "server.js"), "one\n");
    await publish(join(stateDir, "front"), "front", stateDir);
    await networks.start();
  });
  afterAll(async () => {
    await networks.removeAll();
    expect(await networks.list()).toEqual([]);
    rmSync(stateDir, { recursive: true });
  });

  test("a repository is cloned by its name, with a certificate of the lab's authority", async () => {
    expect(await clone(ca.caFile, "clone")).toMatchObject({ status: 0 });
    expect(readFileSync(join(stateDir, "clone", "server.js"), "utf8")).toBe("one\n");
  });
  test("without the lab's authority the server is not trusted", async () => {
    const { status, stderr } = await clone("/etc/ssl/certs/ca-certificates.crt", "untrusted");
    expect(status).toBe(128);
    expect(stderr).toContain("certificate");
  });
  test("nobody can push", async () => {
    const { status, stderr } = await run(
      ["ip", "netns", "exec", outside, "git", "-C", join(stateDir, "clone"), "push", "origin", "HEAD:other"],
      { env: { GIT_SSL_CAINFO: ca.caFile, GIT_CONFIG_GLOBAL: "/dev/null" }, accept: [1, 128] },
    );
    expect(status).toBe(128);
    expect(stderr).toContain("403");
  });
  test("a new start takes over the server that runs", async () => {
    const pid = readFileSync(join(stateDir, "run", "git.pid"), "utf8");
    networks.stop();
    const next = new Networks({ stateDir, authority: ca });
    await next.start();
    next.stop();
    expect(readFileSync(join(stateDir, "run", "git.pid"), "utf8")).toBe(pid);
  });
});
