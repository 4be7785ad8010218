/** Runs a test file on a host network of its own, so that it neither meets nor disturbs a lab that runs. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { run } from "../host.ts";

interface Report {
  testResults: {
    message: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string; failureMessages: string[] }[];
  }[];
}

/**
 * Declares the tests of a file. `isolated.sh` runs the whole file again in a network of its own; the tests that are
 * declared outside report the results from inside.
 */
export async function inIsolation(file: string, declare: () => void | Promise<void>): Promise<void> {
  if (process.env.LAB_ISOLATED === "1") {
    await declare();
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  try {
    const output = join(directory, "report.json");
    const vitest = join(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");
    const { stdout, stderr } = await run(
      [
        join(import.meta.dirname, "../isolated.sh"),
        process.execPath,
        vitest,
        "run",
        "--project",
        "lab",
        file,
        "--reporter",
        "json",
        "--outputFile",
        output,
      ],
      { cwd: join(import.meta.dirname, "../../.."), accept: [1], timeoutSeconds: 180 },
    );
    const [result] = readReport(output, stdout + stderr).testResults;
    // A file that failed outside its tests has none to tell.
    if (!result || result.assertionResults.length === 0) throw new Error(result?.message ?? "the file has no tests");
    for (const { ancestorTitles, title, status, failureMessages } of result.assertionResults) {
      describe(ancestorTitles.join(" ") || "isolated", () => {
        test(title, () => {
          if (status !== "passed") throw new Error(failureMessages.join("\n") || `${status}: ${result.message}`);
        });
      });
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function readReport(file: string, said: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    throw new Error(`the isolated tests left no report: ${said.slice(-2000)}`);
  }
}
