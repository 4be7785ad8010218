/** When the certificate authority wants a certificate to be renewed (RFC 9773), and how long certificates are valid. Pure. */

/** Days of validity by profile, as of Let's Encrypt. */
const validityDays = { classic: 90, tlsserver: 90, shortlived: 160 / 24 } as const;

/** Seconds of validity by profile. */
export const validities = (daySeconds: number): Record<keyof typeof validityDays, number> => ({
  classic: Math.round(validityDays.classic * daySeconds),
  tlsserver: Math.round(validityDays.tlsserver * daySeconds),
  shortlived: Math.round(validityDays.shortlived * daySeconds),
});

export interface RenewalInfo {
  suggestedWindow: { start: string; end: string };
}

/** A day before and after two thirds of the validity, at most up to its end. */
export function renewalInfo(validity: { from: Date; to: Date }, daySeconds: number): RenewalInfo {
  const [from, to] = [validity.from.getTime(), validity.to.getTime()];
  const middle = from + ((to - from) * 2) / 3;
  const day = daySeconds * 1000;
  const moment = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { suggestedWindow: { start: moment(Math.max(middle - day, from)), end: moment(Math.min(middle + day, to)) } };
}

/** Seconds after which it is to be asked again: six hours. */
export const retryAfterSeconds = (daySeconds: number): number => Math.max(1, Math.round(daySeconds / 4));
