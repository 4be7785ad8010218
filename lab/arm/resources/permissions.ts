/** `GET {scope}/providers/Microsoft.Authorization/permissions` */
import { isDeployer } from "../access/principals.ts";
import { rolesOf } from "../access/rights.ts";
import { permissionOf } from "../access/roleDefinitions.ts";
import type { Context } from "../context.ts";
import { listed, type Answer, type Request } from "../http.ts";
import { groupId } from "../ids.ts";
import { limitsOf } from "../limits.ts";
import { checkVersion, groupMissing, onlyGet } from "../paths.ts";

const permissionsType = {
  type: "Microsoft.Authorization/permissions",
  apiVersions: ["2015-07-01", "2018-07-01", "2022-04-01"],
};

/** Of the deployer everything but what is denied; of each role that is assigned to who asks what it allows. */
export function permissions(request: Request, context: Context): Answer {
  const { store, options } = context;
  checkVersion(request, permissionsType);
  onlyGet(request);
  const [, , groups, group] = request.segments;
  const isInGroup = groups?.toLowerCase() === "resourcegroups" && group !== undefined;
  if (isInGroup && !store.get(groupId(options.subscriptionId, group))) throw groupMissing(group);
  const scope = request.path.slice(0, request.path.toLowerCase().lastIndexOf("/providers/microsoft.authorization"));
  const assigned = rolesOf(context, request.principalId, scope).map(permissionOf);
  const owned = { actions: ["*"], notActions: limitsOf(store).denied, dataActions: [], notDataActions: [] };
  return listed([...(isDeployer(request.principalId, options) ? [owned] : []), ...assigned], request);
}
