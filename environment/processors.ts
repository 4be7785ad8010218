/** What a size of Azure's virtual machines is called says how many processors it has. Pure. */

/**
 * The series D of the second version, whose numbers count sizes; older ones can no longer be had.
 * https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dv2-series
 */
const countedSizes: Readonly<Record<number, number>> = { 3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20 };

/**
 * Virtual processors of a machine of this size: the second number where the size has fewer than its like
 * (`Standard_E4-2s_v5`), else the first.
 * https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
 *
 * @returns 2 for a name without a number.
 */
export function processorsOf(size: string): number {
  const counted = /^Standard_DS?(\d+)_v2/.exec(size)?.[1];
  const [, number, constrained] = /^Standard_[A-Za-z]+(\d+)(?:-(\d+))?/.exec(size) ?? [];
  return countedSizes[Number(counted)] ?? Number(constrained ?? number ?? 2);
}
