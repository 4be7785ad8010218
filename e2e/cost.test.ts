import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { committed, planOf } from "../environment/testing/stacks.ts";
import { root } from "./command.ts";
import { machinesBySize, planDollars } from "./cost.ts";

const row = (stack: string) => {
  const plan = planOf(stack, committed(stack));
  const machines = Object.entries(machinesBySize(plan)).map(([size, number]) => `${number} × ${size}`);
  return `| ${stack} | ${machines.join(", ")} | $${planDollars(plan).toFixed(2)} |`;
};

test("docs/azure.md tells what the stacks cost as they are", () => {
  const rows = readFileSync(join(root, "docs", "azure.md"), "utf8").match(/^\| (dev|prod|tools) \|.*$/gm);
  expect(rows).toEqual(["dev", "prod", "tools"].map(row));
});
