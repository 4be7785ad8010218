/** Compresses histories: they are large, and their lines are alike. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../commands.ts";

export async function compress(place: string): Promise<void> {
  if (!existsSync(place)) return;
  const histories = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  for (const name of histories)
    await run(["gzip", "--fast", "--force", join(place, name)], { seconds: 120, apart: true });
}
