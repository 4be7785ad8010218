/** All cases, with the fixtures and variables that they use. */
import type { CaseFile, Fixture } from "./schema.ts";

export interface Case extends CaseFile {
  /** `network/subnetOutside.yml`. */
  file: string;
  /** The folder: `network`, `compute` ... */
  provider: string;
}

export interface Suite {
  cases: Case[];
  fixtures: Record<string, Fixture>;
  /** Of the fixture files. */
  variables: Record<string, string>;
}
