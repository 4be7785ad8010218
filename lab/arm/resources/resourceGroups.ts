/** Microsoft.Resources/resourceGroups */
import { groupOf, keyOf } from "../ids.ts";
import { isStanding, type Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { groupBody, type GroupBody } from "./resourceGroupSchema.ts";

/** Everything in a group, without the group. */
const contentsOf = (group: Resource, store: Store): Resource[] =>
  store.all().filter((resource) => resource.key !== group.key && keyOf(groupOf(resource.id)) === group.key);

export const resourceGroups: ResourceType<GroupBody> = {
  type: types.resourceGroup,
  dialect: "arm",
  apiVersions: (
    "2015-11-01 2016-06-01 2018-05-01 2019-05-01 2019-10-01 2020-06-01 2020-10-01 2021-01-01 2021-04-01 2022-09-01 2022-12-01 " +
    "2023-07-01 2024-03-01 2024-07-01 2024-11-01 2025-03-01 2025-04-01"
  ).split(" "),
  location: "regional",
  name: {
    pattern: /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u,
    rule: "1-90 letters, digits, underscores, parentheses, hyphens and periods, not ending with a period",
  },
  schema: groupBody,
  asynchronous: false,
  patch: "tags",
  render: (group) => ({
    ...(group.body.managedBy && { managedBy: group.body.managedBy }),
    properties: { provisioningState: group.state },
  }),
  // A group takes everything with it, whatever refers to it, also machines that wait for the end of their notice; each
  // thing leaves when the fabric has let go of it.
  deleting: (group, { store }) => {
    for (const resource of contentsOf(group, store).filter(isStanding)) {
      store.put({ ...resource, state: "Deleting", computed: { ...resource.computed, notice: undefined } }, true);
    }
  },
  outcome: (group, _, { store }) =>
    group.state === "Deleting" && contentsOf(group, store).length > 0 ? "pending" : "done",
};
