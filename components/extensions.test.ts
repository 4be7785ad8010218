import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { healthExtension } from "./extensions.ts";

test("the extension waits for a machine that boots as long as the machine itself does", () => {
  const defaults = join(import.meta.dirname, "..", "ansible", "roles", "health", "defaults", "main.yml");
  const { health_boot_patience } = load(readFileSync(defaults, "utf8")) as { health_boot_patience: number };
  expect(healthExtension().settings.gracePeriod).toBe(health_boot_patience);
});
