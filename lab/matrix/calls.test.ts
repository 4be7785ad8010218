import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { callsOf, differenceOf, key, listeningPorts, type Outcome, type Target } from "./calls.ts";
import type { Declared } from "./declared.ts";

const front = { environment: "development", part: "front" };
const back = { environment: "development", part: "back" };
const rules: Declared[] = [
  { from: front, to: back, door: "address", ports: [4000] },
  { from: front, to: back, door: "machines", ports: [4000, 22] },
];
const caller = { place: front, name: "front1", address: "10.20.1.4" };
const machine: Target = {
  place: back,
  door: "machines",
  address: "10.20.2.4",
  name: "back1",
  serves: [22],
  members: [],
};
const address: Target = {
  ...machine,
  door: "address",
  address: "10.20.2.254",
  name: "lbi",
  serves: [],
  members: ["back1"],
};

const told = (target: Target, port: number, outcome?: Outcome) =>
  differenceOf(rules, { caller, target, port }, new Map(outcome ? [[key(target.address, port), outcome]] : []))
    ?.expected;

test("a declared call is open where a program listens, and at a load balancer always", () => {
  expect(told(machine, 22, "open")).toBeUndefined();
  expect(told(machine, 22)).toContain("open");
  expect(told(machine, 22, "refused")).toContain("open");
  expect(told(machine, 4000, "refused")).toBeUndefined();
  expect(told(machine, 4000)).toBeUndefined();
  expect(told(address, 4000)).toContain("open");
});

test("a call that nothing declares must stay without an answer: a refusal has passed, too", () => {
  expect(told(machine, 8999)).toBeUndefined();
  expect(told(machine, 8999, "refused")).toContain("silent");
  expect(told(machine, 8999, "open")).toContain("silent");
  expect(told({ ...address, door: "public" }, 22, "open")).toContain("silent");
});

test("a machine calls everything but itself and the load balancers that lead to it", () => {
  const own: Target = { ...machine, place: front, address: "10.20.1.4", name: "front1" };
  const behind: Target = { ...address, place: front, address: "10.20.1.254", members: ["front1"] };
  expect(
    callsOf(caller, [own, behind, machine, address], [22, 4000]).map(({ target, port }) => `${target.name} ${port}`),
  ).toEqual(["back1 22", "back1 4000", "lbi 22", "lbi 4000"]);
});

test("what listens for the machine alone is not open", () => {
  const output = [
    "LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*   ",
    "LISTEN 0      4096      127.0.0.54:53        0.0.0.0:*   ",
    "LISTEN 0      128          0.0.0.0:22        0.0.0.0:*   ",
    "LISTEN 0      128             [::]:22           [::]:*   ",
    "LISTEN 0      511                *:3000            *:*   ",
    "LISTEN 0      244            [::1]:5432         [::]:*   ",
    "LISTEN 0      4096      10.20.1.4:8998        0.0.0.0:*   ",
    "",
  ].join("\n");
  expect(listeningPorts(output)).toEqual([22, 3000, 8998]);
});

test("the program on machines tells what is open and what refuses", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as { port: number };
  try {
    const asked = JSON.stringify([["127.0.0.1", [port, 9]]]);
    const child = spawn("python3", [join(import.meta.dirname, "connect.py"), "2", asked], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(JSON.parse(await text(child.stdout))).toEqual({ [`127.0.0.1:${port}`]: "open", "127.0.0.1:9": "refused" });
  } finally {
    server.close();
  }
});
