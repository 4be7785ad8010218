/** Refusals of the token endpoint. */
import { randomUUID } from "node:crypto";

/** An answer of the token endpoint; errors have OAuth's shape, not ARM's. */
export interface TokenAnswer {
  status: number;
  body: object;
}

/** `number` is that of Entra's list: https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
export const refuse = (status: number, error: string, number: number, description: string): TokenAnswer => ({
  status,
  body: {
    error,
    error_description: `AADSTS${number}: ${description}`,
    error_codes: [number],
    timestamp: new Date().toISOString(),
    trace_id: randomUUID(),
    correlation_id: randomUUID(),
  },
});
