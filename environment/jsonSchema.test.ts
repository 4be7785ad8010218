import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderStackFileSchema, stackFileSchema } from "./jsonSchema.ts";

const root = join(import.meta.dirname, "..");

test("the published JSON Schema is the one that the schema gives (else: make schema)", () => {
  expect(readFileSync(join(import.meta.dirname, "environment.schema.json"), "utf8")).toBe(renderStackFileSchema());
});

test("the schema describes a whole stack file", () => {
  expect(stackFileSchema()).toMatchObject({
    properties: {
      config: {
        properties: {
          "platform:environment": {
            type: "object",
            additionalProperties: false,
            required: ["name", "network", "domain", "privateDomain", "tiers", "reverseProxy"],
          },
          "platform:administrators": { required: ["ranges", "sshKeys"] },
        },
        patternProperties: {
          "^platform:(?!environment$|administrators$|preflight$)[a-z][A-Za-z0-9]*$": { required: ["secure"] },
        },
      },
    },
  });
});

test("every stack file names the schema, so that editors find it", () => {
  const files = readdirSync(root).filter((file) => /^Pulumi\..+\.yaml$/.test(file));
  expect(files).toEqual(expect.arrayContaining(["Pulumi.dev.yaml", "Pulumi.prod.yaml", "Pulumi.tools.yaml"]));
  for (const file of files) {
    expect(readFileSync(join(root, file), "utf8").split("\n")[0], file).toBe(
      "# yaml-language-server: $schema=./environment/environment.schema.json",
    );
  }
});
