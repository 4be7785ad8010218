/** Writes `environment.schema.json`: `make schema`, after a change of `schema.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderStackFileSchema } from "./jsonSchema.ts";

writeFileSync(join(import.meta.dirname, "environment.schema.json"), renderStackFileSchema());
