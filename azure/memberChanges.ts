/** Changes of machines that stand, one by one, while Azure may be repairing or replacing some of them. */

/** What became of the machines, by their names. */
export interface MemberChanges {
  done: string[];
  /** Azure works on them, for example repairs. */
  busy: string[];
  /** Azure's words for each that it refused. */
  refused: string[];
}

/**
 * Changes each machine. One that was replaced meanwhile counts as none of them: the new one is born as it should be.
 *
 * @param told What is told of a machine that is refused.
 */
export async function changeEach<Item extends { machine: { name: string } }>(
  items: readonly Item[],
  change: (item: Item) => PromiseLike<unknown>,
  told: (item: Item) => string,
): Promise<MemberChanges> {
  const results = await Promise.allSettled(items.map(change));
  const changes: MemberChanges = { done: [], busy: [], refused: [] };
  for (const [index, item] of items.entries()) {
    const result = results[index];
    if (result?.status !== "rejected") {
      changes.done.push(item.machine.name);
      continue;
    }
    const { code, message, statusCode } = result.reason as Error & { code?: string; statusCode?: number };
    if (statusCode === 409 || statusCode === 412) changes.busy.push(item.machine.name);
    else if (statusCode !== 404) {
      changes.refused.push(`  ${told(item)}: ${[code, message].filter(Boolean).join(" ")}`);
    }
  }
  return changes;
}
