/** The plugin's process. */
import command from "@pulumi/command/package.json" with { type: "json" };
import { EngineLog } from "../plugin/engineLog.ts";
import { serve } from "../plugin/serve.ts";
import { Command } from "./plugin.ts";

const log = new EngineLog();
await serve(new Command(command.version.replace(/^v/, ""), log), log);
