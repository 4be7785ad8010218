/** The plugin's process. */
import azureNative from "@pulumi/azure-native/package.json" with { type: "json" };
import { EngineLog } from "../plugin/engineLog.ts";
import { serve } from "../plugin/serve.ts";
import { AzureNative } from "./plugin.ts";

const log = new EngineLog();
await serve(new AzureNative(azureNative.version), log);
