/** JSON Schema of a whole stack file, by which editors complete and check it. */
import { z } from "zod";
import { administratorsSchema } from "./administrators.ts";
import { cloudSchema } from "./cloud.ts";
import { preflightSchema } from "./preflight.ts";
import { environmentSchema } from "./schema.ts";

/** A value that `pulumi config set --secret` has encrypted. */
const secret = { type: "object", properties: { secure: { type: "string" } }, required: ["secure"] };

const part = (schema: z.ZodType) => {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  delete json.$schema;
  return json;
};

/** The schema of `Pulumi.<stack>.yaml`. Keys of other programs and of the provider are free. */
export function stackFileSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A stack of the platform",
    type: "object",
    required: ["config"],
    properties: {
      config: {
        type: "object",
        required: ["platform:environment"],
        properties: {
          "azure-native:location": { type: "string", description: "Azure region, for example westeurope" },
          "azure-native:environment": part(cloudSchema),
          "azure-native:metadataHost": {
            type: "string",
            description: "Host whose /metadata/endpoints names ARM, for clouds other than Azure's",
          },
          "platform:environment": part(environmentSchema),
          "platform:administrators": part(administratorsSchema),
          "platform:preflight": part(preflightSchema),
        },
        patternProperties: { "^platform:(?!environment$|administrators$|preflight$)[a-z][A-Za-z0-9]*$": secret },
      },
    },
  };
}

/** The schema as the text of its file. */
export function renderStackFileSchema(): string {
  return `${JSON.stringify(stackFileSchema(), null, 2)}\n`;
}
