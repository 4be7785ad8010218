/** What the end-to-end test of dev does to the lab beyond the commands. */
import { realClock } from "../chaos/clock.ts";
import { loadProgram } from "../chaos/load.ts";
import { realTools, type Tools } from "../chaos/tools.ts";

export const devTools = (): Tools => realTools("dev", loadProgram(), realClock(new AbortController().signal), () => {});
