/** `GET {scope}/providers/Microsoft.Authorization/permissions` */
import type { Context } from "../context.ts";
import { listed, type Answer, type Request } from "../http.ts";
import { groupId } from "../ids.ts";
import { limitsOf } from "../limits.ts";
import { checkVersion, groupMissing, onlyGet } from "../paths.ts";

const permissionsType = {
  type: "Microsoft.Authorization/permissions",
  apiVersions: ["2015-07-01", "2018-07-01", "2022-04-01"],
};

/** Everything but what is denied. */
export function permissions(request: Request, { store, options }: Context): Answer {
  checkVersion(request, permissionsType);
  onlyGet(request);
  const [, , groups, group] = request.segments;
  const isInGroup = groups?.toLowerCase() === "resourcegroups" && group !== undefined;
  if (isInGroup && !store.get(groupId(options.subscriptionId, group))) throw groupMissing(group);
  const { denied } = limitsOf(store);
  return listed([{ actions: ["*"], notActions: denied, dataActions: [], notDataActions: [] }], request);
}
