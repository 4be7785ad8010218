/** Refusals of vaults: why a request is forbidden stands in an inner error. */
import { ArmError, badRequest } from "../errors.ts";

export const badParameter = (message: string): ArmError => badRequest("BadParameter", message);

export const forbidden = (message: string, why?: string): ArmError =>
  new ArmError(403, "Forbidden", message, why === undefined ? {} : { innererror: { code: why } });

export const secretNotFound = (message: string): ArmError => new ArmError(404, "SecretNotFound", message);
