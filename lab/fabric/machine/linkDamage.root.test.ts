/** A link that is cut or slow, between two namespaces. Needs root. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holds } from "../../polling.ts";
import { run } from "../host.ts";
import { inIsolation } from "../testing/isolated.ts";
import { inside, ipBatch } from "../namespace.ts";
import { cutLink, joinLink } from "./linkCut.ts";
import { slowLink, speedUpLink } from "./shaping.ts";

const asLongAs = { timeoutSeconds: 5, intervalSeconds: 0.1 };
const machine = "lab-m-test";
const router = "lab-n-test";
const ends = [
  { namespace: machine, device: "eth0" },
  { namespace: router, device: "lm-test" },
];

await inIsolation(import.meta.filename, () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  let server: ChildProcess | undefined;

  /** Status and seconds of a request for 400 KB, from one end of the link to the other, or within the machine. */
  async function fetch(from: string, address: string): Promise<{ status: string; seconds: number }> {
    const { stdout } = await run(
      [
        ...inside(from),
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-m",
        "8",
        "-w",
        "%{http_code} %{time_total}",
        `http://${address}:8080/file`,
      ],
      { accept: [7, 28] },
    );
    const [status = "", seconds] = stdout.split(" ");
    return { status, seconds: Number(seconds) };
  }
  const overLink = () => fetch(router, "10.9.0.2");

  beforeAll(async () => {
    for (const namespace of [machine, router]) await run(["ip", "netns", "add", namespace]);
    await ipBatch(router, [
      `link add lm-test type veth peer name eth0 netns ${machine}`,
      "addr add 10.9.0.1/24 dev lm-test",
      "link set lm-test up",
    ]);
    await ipBatch(machine, ["link set lo up", "addr add 10.9.0.2/24 dev eth0", "link set eth0 up"]);
    writeFileSync(join(directory, "file"), Buffer.alloc(400_000));
    const [program = "", ...args] = [
      ...inside(machine),
      "python3",
      "-m",
      "http.server",
      "8080",
      "--directory",
      directory,
    ];
    server = spawn(program, args, { stdio: "ignore" });
    await holds(async () => (await fetch(machine, "127.0.0.1")).status === "200", asLongAs);
  }, 30_000);
  afterAll(() => {
    server?.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  test("a cut link loses everything and says nothing, and the machine goes on, until it is joined", async () => {
    expect((await overLink()).status).toBe("200");
    await cutLink(machine);
    await cutLink(machine);
    const silence = await overLink();
    expect(silence.status).toBe("000");
    expect(silence.seconds).toBeGreaterThan(7);
    expect((await fetch(machine, "127.0.0.1")).status).toBe("200");
    await joinLink(machine);
    await joinLink(machine);
    expect((await overLink()).status).toBe("200");
  }, 30_000);

  test("a slow link carries 1 Mbit/s, until it is fast again", async () => {
    await slowLink(ends);
    await slowLink(ends);
    const { status, seconds } = await overLink();
    expect(status).toBe("200");
    expect(seconds).toBeGreaterThan(2.5);
    await speedUpLink(ends);
    await speedUpLink(ends);
    expect((await overLink()).seconds).toBeLessThan(1);
  }, 30_000);

  test("neither outlives the machine's namespace", async () => {
    await slowLink(ends);
    await cutLink(machine);
    server?.kill("SIGKILL");
    await run(["ip", "netns", "del", machine]);
    const left = async () =>
      (await run([...inside(router), "sh", "-c", "ip -br link; tc qdisc show; nft list ruleset"])).stdout;
    await holds(async () => !(await left()).includes("lm-test"), asLongAs);
    expect(await left()).not.toMatch(/lm-test|tbf|lab-cut/);
  }, 30_000);
});
