/** From what stands in a stack file to an environment, or to every mistake in it. Pure. */
import { administratorsSchema, type Administrators } from "./administrators.ts";
import { cloudOf, cloudSchema, type Cloud } from "./cloud.ts";
import { checkConsistency, type Surroundings } from "./consistency.ts";
import { check, StackError } from "./mistakes.ts";
import { preflightSchema, type PreflightSettings } from "./preflight.ts";
import { environmentSchema, type Environment } from "./schema.ts";

/** The structured values of a stack file, unchecked. */
export interface RawStack {
  /** Value of `platform:environment`. */
  environment: unknown;
  /** Value of `platform:administrators`. */
  administrators: unknown;
  /** Value of `platform:preflight`, where it is set. */
  preflight?: unknown;
  /** Value of `azure-native:environment`, where it is set. */
  cloud?: unknown;
  /** Value of `azure-native:metadataHost`, where it is set. */
  metadataHost?: string | undefined;
}

/**
 * Checks a stack's configuration.
 *
 * @param file The file to name in errors, for example `Pulumi.dev.yaml`.
 * @throws StackError with all mistakes.
 */
export function parseStack(
  file: string,
  raw: RawStack,
  surroundings: Surroundings,
): { environment: Environment; administrators: Administrators; preflight: PreflightSettings; cloud: Cloud } {
  const mistakes = [
    ...check(environmentSchema, "platform:environment", raw.environment),
    ...checkConsistency(raw.environment, raw.administrators, surroundings),
    ...(surroundings.mistakes ?? []),
    ...check(administratorsSchema, "platform:administrators", raw.administrators ?? {}),
    ...check(preflightSchema, "platform:preflight", raw.preflight ?? {}),
    ...check(cloudSchema, "azure-native:environment", raw.cloud),
  ];
  if (mistakes.length > 0) throw new StackError(file, mistakes);
  return {
    environment: environmentSchema.parse(raw.environment),
    administrators: administratorsSchema.parse(raw.administrators),
    preflight: preflightSchema.parse(raw.preflight ?? {}),
    cloud: cloudOf(cloudSchema.parse(raw.cloud), raw.metadataHost),
  };
}
