/** Errors as Azure Resource Manager answers them. */

export interface ErrorBody {
  code: string;
  message: string;
  target?: string;
  details?: ErrorBody[];
  /** Why, where the code alone does not tell it. */
  innererror?: { code: string };
}

/** Thrown by handlers; becomes the answer `{ "error": { code, message, target, details } }`. */
export class ArmError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  /** Answered as `{ code, message }`, without an `error` around it. */
  bare = false;
  /** Of the answer. */
  headers?: Record<string, string>;

  constructor(status: number, code: string, message: string, more: Omit<ErrorBody, "code" | "message"> = {}) {
    super(message);
    this.status = status;
    this.body = { code, message, ...more };
  }
}

export const badRequest = (code: string, message: string, target?: string): ArmError =>
  new ArmError(400, code, message, target === undefined ? {} : { target });

export const conflict = (code: string, message: string): ArmError => new ArmError(409, code, message);

/**
 * What Azure allows and the lab does not do. A code of its own, so that nobody takes it for a rule of Azure's.
 */
export const notInLab = (what: string): ArmError =>
  badRequest("NotImplementedByLab", `The lab does not imitate ${what}. Azure would accept it; see lab/README.md.`);
