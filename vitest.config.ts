import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";

/** Ends the output with one line that counts the tests, for programs that read it. */
const closingLine: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that fails outside of its tests has no test to count.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    console.log(`${count("passed")} passed, ${count("failed") + broken} failed, ${count("skipped")} skipped`);
  },
};

const rootTests = ["lab/**/*.root.test.ts", "lab/e2e/*.test.ts"];
/** They take from ten minutes to an hour each: `make long-test`. */
const longTests = ["lab/e2e/long/*.test.ts"];
/** Asks Azure itself; only `make azure-e2e` starts it. */
const azureTests = ["e2e/azure.test.ts"];
const exclude = ["**/node_modules/**", "**/.venv/**"];

/** Real namespaces and machines: one file after the other. */
const realMachines = { fileParallelism: false, testTimeout: 300_000, hookTimeout: 1_200_000 };

export default defineConfig({
  test: {
    reporters: ["default", closingLine],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, ...rootTests, ...longTests, ...azureTests],
          testTimeout: 30_000,
          // They wait for other processes much of the time.
          maxWorkers: availableParallelism() + 1,
        },
      },
      { test: { name: "lab", include: rootTests, exclude, ...realMachines, sequence: { groupOrder: 1 } } },
      { test: { name: "long", include: longTests, exclude, ...realMachines, sequence: { groupOrder: 2 } } },
      { test: { name: "azure", include: azureTests, exclude, testTimeout: 5_400_000, sequence: { groupOrder: 3 } } },
    ],
  },
});
