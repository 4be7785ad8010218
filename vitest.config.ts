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
const longTests = ["lab/e2e/long/*.test.ts"];
const exclude = ["**/node_modules/**", "**/.venv/**"];

export default defineConfig({
  test: {
    reporters: ["default", closingLine],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, ...rootTests, ...longTests],
          testTimeout: 30_000,
        },
      },
      {
        // Real namespaces and machines: one file after the other.
        test: {
          name: "lab",
          include: rootTests,
          exclude,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
