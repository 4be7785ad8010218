/** Zones as name servers read them: files of RFC 1035. Pure. */
import type { DnsRecordSet } from "../../world.ts";

export interface ServedZone {
  /** Without a period at its end. */
  name: string;
  records: readonly DnsRecordSet[];
}

/** A record by its full name, which ends with a period, in its zone. */
export const record = (name: string, type: DnsRecordSet["type"], ttl: number, ...values: string[]): DnsRecordSet => ({
  name,
  type,
  ttl,
  values,
});

export function zoneText({ name, records }: ServedZone): string {
  const lines = records.flatMap((set) => set.values.map((value) => `${set.name} ${set.ttl} IN ${set.type} ${value}`));
  return [`$ORIGIN ${name}.`, ...lines, ""].join("\n");
}
