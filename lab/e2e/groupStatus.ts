/** What the end-to-end tests ask of the groups of a stack. */
import type { StackStatus } from "../cli/status.ts";
import { eventually, status } from "../commands.ts";

/** Every group has as many healthy machines as it should, no more, and every load balancer all of its members. */
export const isWhole = ({ groups, machines, loadBalancers }: StackStatus) =>
  groups.every(
    ({ tier, wanted, running }) => running === wanted && machines.filter((one) => one.tier === tier).length === wanted,
  ) && loadBalancers.every(({ members }) => members.every(({ state }) => state === "up"));

/** The stack's status once it is whole. */
export const untilWhole = (stack = "dev") => eventually(() => status(stack), isWhole, 180);

/** The group of a tier of dev, now. */
export const group = async (tier: string) => (await status("dev")).groups.find((one) => one.tier === tier);

/** Names of a tier's machines. */
export const names = (tier: string, { machines }: StackStatus): string[] =>
  machines.filter((one) => one.tier === tier).map(({ name }) => name);
