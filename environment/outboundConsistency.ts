/** Checks between the entries of a tier's `outbound`, and with the environment's network. Pure. */
import { overlaps } from "./address.ts";
import { show, type Mistake } from "./mistakes.ts";
import { asArray, asObject } from "./untyped.ts";

/** Every mistake of a tier's `outbound` that its schema cannot see. Both may be anything. */
export function checkOutbound(path: string, outbound: unknown, network: unknown): Mistake[] {
  const entries = asArray(outbound).map(asObject);
  const kindOf = ({ to, protocol }: Record<string, unknown>) => `${String(to)} ${String(protocol)}`;
  return entries.flatMap((entry, index) => {
    const { to } = entry;
    const wrong = (allowed: string): Mistake[] => [{ path: `${path}[${index}].to`, given: show(to), allowed }];
    const first = entries.findIndex((other) => kindOf(other) === kindOf(entry));
    if (first < index)
      return wrong(`each place once for a protocol; add the ports to ${path.split(".").at(-1)}[${first}]`);
    return typeof to === "string" && typeof network === "string" && overlaps(network, to)
      ? wrong(`a block outside of the environment's network, ${network}; name tiers in \`reaches\``)
      : [];
  });
}
