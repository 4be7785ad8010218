/** Microsoft.Resources/resourceGroups */
import { z } from "zod";
import { groupOf, keyOf } from "../ids.ts";
import { ignored, tracked } from "../schema.ts";
import { isStanding } from "../compute/removal.ts";
import type { Store } from "../store.ts";
import type { Resource, ResourceType } from "../types.ts";

export const groupType = "Microsoft.Resources/resourceGroups";

const body = z.strictObject({
  ...tracked,
  managedBy: z.string().optional(),
  properties: z.strictObject({ provisioningState: ignored }).optional(),
});

export type GroupBody = z.infer<typeof body>;

/** Everything in a group, without the group. */
export const contentsOf = (group: Resource, store: Store): Resource[] =>
  store.all().filter((resource) => resource.key !== group.key && keyOf(groupOf(resource.id)) === group.key);

export const resourceGroups: ResourceType<GroupBody> = {
  type: groupType,
  dialect: "arm",
  location: "regional",
  name: {
    pattern: /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u,
    rule: "1-90 letters, digits, underscores, parentheses, hyphens and periods, not ending with a period",
  },
  schema: body,
  asynchronous: false,
  patch: "tags",
  render: (group) => ({
    ...(group.body.managedBy && { managedBy: group.body.managedBy }),
    properties: { provisioningState: group.state },
  }),
  // A group takes everything with it, whoever refers to whom, also machines that wait for the end of their notice;
  // each thing leaves when the fabric has let go of it.
  deleting: (group, { store }) => {
    for (const resource of contentsOf(group, store).filter(isStanding)) {
      store.put({ ...resource, state: "Deleting", computed: { ...resource.computed, notice: undefined } }, true);
    }
  },
  settle: (group, _, { store }) =>
    group.state === "Deleting" && contentsOf(group, store).length > 0 ? "pending" : "done",
};
