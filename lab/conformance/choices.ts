/** What the lab does by itself where Azure's documents are silent, as `choices.yml` tells it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const choices = z.array(
  z.strictObject({
    choice: z.string(),
    /** Why it is a guess. */
    why: z.string(),
    /** The test that shows what the lab does: its file, below `lab/`, and its title. */
    test: z.strictObject({ file: z.string(), title: z.string() }),
  }),
);

export type Choice = z.output<typeof choices>[number];

export function loadChoices(): Choice[] {
  return choices.parse(load(readFileSync(join(import.meta.dirname, "choices.yml"), "utf8")));
}
