/** What a stack file may say of where the machines of a tier get its program, where that is not Debian. */
import { z } from "zod";

const httpsAddress = z
  .string()
  .regex(/^https:\/\/[^\s@]+$/, { error: "an address by https:// that machines may read without a login" });

const fingerprintText = "the whole fingerprint of a key: 40 hexadecimal digits";

export const packagesSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9+.-]+$/, { error: "the name of a Debian package, for example gitlab-ce" })
      .optional()
      .describe("Name of the package. Default: that of the kind, for example gitlab-ee"),
    version: z
      .string()
      .regex(/^[0-9][A-Za-z0-9.+~:-]*$/, { error: "a version of a Debian package, for example 18.6.1-ee.0" })
      .optional()
      .describe("Version of the package; without one new machines get the newest, and keep it"),
    repository: z
      .strictObject({
        url: httpsAddress.describe("Address of a repository of Debian packages"),
        suite: z.string().default("trixie"),
        component: z.string().default("main"),
        keyUrl: httpsAddress.describe("Address of the key that signs the repository"),
        keyFingerprint: z
          .string({ error: fingerprintText })
          .regex(/^[0-9A-F]{40}$/, { error: `${fingerprintText}, A to F as capital letters` })
          .describe("Fingerprint of that key; one with another fingerprint is not taken"),
      })
      .optional()
      .describe("Where the package comes from. Default: the repository of those who make the program"),
  })
  .describe("The package of the tier's program, where the kind has one that is not Debian's (gitlab, runner)");

export type Packages = z.output<typeof packagesSchema>;
