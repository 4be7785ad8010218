import { expect, test } from "vitest";
import { stepsIn } from "./told.ts";

test("what became of each machine is read from what cap tells", () => {
  const output = [
    "00:03 front of development: 20261129000000-bbbbbbbbbbbb in place of 20261101000000-aaaaaaaaaaaa, on a.dev, b.dev",
    "00:05 a.dev: has the release",
    "00:35 a.dev: serves 20261129000000-bbbbbbbbbbbb after 30.1 s",
    "01:15 b.dev: refused after 38.2 s: /health answers 500; 20261101000000-aaaaaaaaaaaa serves again",
    "01:20 c.dev: lost after 12 s: ssh: connect to host c.dev: No route to host",
    "The deploy has failed with an error: b.dev does not serve",
  ];
  expect(stepsIn(output.join("\n"))).toEqual([
    { machine: "a.dev", outcome: "serves", seconds: 30.1 },
    { machine: "b.dev", outcome: "refused", seconds: 38.2 },
    { machine: "c.dev", outcome: "lost", seconds: 12 },
  ]);
});
