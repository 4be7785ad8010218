/** `{scope}/providers/Microsoft.Authorization/...`: role assignments and role definitions, in any scope. */
import type { Context } from "../context.ts";
import { ArmError, badRequest, notInLab } from "../errors.ts";
import { listed, type Answer, type Request } from "../http.ts";
import { groupOf, keyOf } from "../ids.ts";
import { checkVersion, groupMissing, onlyGet, typeOf } from "../paths.ts";
import { renderResource } from "../render.ts";
import { isLive } from "../resource.ts";
import { onResource } from "../resourceRouter.ts";
import { types } from "../typeNames.ts";
import { allRoles, customRoles, roleDefinitionOf } from "./customRoles.ts";
import { checkAssignmentName, roleAssignments } from "./roleAssignments.ts";
import { isWithin, scopeOfExtension, type AssignmentBody } from "./rights.ts";
import { renderRoleDefinition, roleDefinitionId, roleDefinitionMissing } from "./roleDefinitions.ts";

const path = /^(.*)\/providers\/Microsoft\.Authorization\/(roleAssignments|roleDefinitions)(?:\/([^/]+))?$/i;

/** Undefined where the request asks for something else. */
export function answerAccess(request: Request, context: Context): Answer | undefined {
  const [, scope, kind, name] = path.exec(`/${request.segments.join("/")}`) ?? [];
  if (scope === undefined || kind === undefined) return undefined;
  if (kind.toLowerCase() === "roledefinitions") return definitions(request, scope, name, context);
  checkVersion(request, roleAssignments);
  checkScope(scope, context);
  return name === undefined ? list(request, scope, context) : assignment(request, scope, name, context);
}

/** Resource Manager knows groups and resources; what lies in a resource (a secret of a vault) need not be there yet. */
function checkScope(scope: string, { store }: Context): void {
  const parts = scope.split("/");
  if (parts[3]?.toLowerCase() !== "resourcegroups") return;
  if (!store.get(groupOf(scope))) throw groupMissing(parts[4]!);
  const resource = parts.slice(0, 9).join("/");
  if (parts.length < 9 || store.live(resource)) return;
  throw new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${parts.slice(6, 9).join("/")}' under resource group '${parts[4]}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

function assignment(request: Request, scope: string, name: string, context: Context): Answer {
  const id = `${scope}/providers/${types.roleAssignment}/${name}`;
  const existing = context.store.get(id);
  if (request.method === "PUT") checkAssignmentName(name);
  const shown = existing && renderResource(existing, context, request.query);
  const answer = onResource(
    request,
    typeOf("Microsoft.Authorization", ["roleAssignments"], request),
    existing?.id ?? id,
    existing,
    context,
    [],
  );
  // A deletion answers what was deleted.
  return request.method === "DELETE" && shown ? { ...answer, body: shown } : answer;
}

/** `atScope()`: there and above; `assignedTo('id')` and `principalId eq 'id'`: of one principal. */
function list(request: Request, scope: string, context: Context): Answer {
  onlyGet(request);
  const filter = request.query.get("$filter") ?? "";
  const clauses = filter.split(/\s+and\s+/i).map((clause) => clause.trim());
  const principals = clauses.flatMap(
    (clause) => /^(?:principalId\s+eq\s+'?|assignedTo\('?)([\da-f-]+)'?\)?$/i.exec(clause)?.[1] ?? [],
  );
  const above = clauses.some((clause) => /^atScope\(\)$/i.test(clause));
  if (filter !== "" && principals.length + (above ? 1 : 0) < clauses.length) throw unknownFilter(filter);
  const shown = context.store
    .ofType<AssignmentBody>(types.roleAssignment)
    .filter(isLive)
    .filter(({ id }) => {
      const own = scopeOfExtension(id);
      return isWithin(scope, own) || (!above && isWithin(own, scope));
    })
    .filter(({ body }) => principals.every((one) => keyOf(one) === keyOf(body.properties.principalId)));
  return listed(
    shown.map((one) => renderResource(one, context, request.query)),
    request,
  );
}

const unknownFilter = (filter: string): ArmError =>
  badRequest(
    "InvalidFilter",
    `The filter '${filter}' is not valid. The lab knows atScope(), principalId eq, assignedTo and roleName eq.`,
  );

function definitions(request: Request, scope: string, name: string | undefined, context: Context): Answer {
  const { options, store } = context;
  checkVersion(request, customRoles);
  if (request.method === "DELETE") throw notInLab("the deletion of roles of one's own");
  if (request.method === "PUT" && name !== undefined) {
    if (keyOf(scope) !== `/subscriptions/${keyOf(options.subscriptionId)}`)
      throw notInLab("roles of one's own that are written below the subscription");
    const id = roleDefinitionId({ guid: name }, options);
    const type = typeOf("Microsoft.Authorization", ["roleDefinitions"], request);
    return onResource(request, type, id, store.get(id), context, []);
  }
  onlyGet(request);
  if (name !== undefined) {
    const role = roleDefinitionOf(name, context);
    if (!role) throw roleDefinitionMissing(404, name);
    return { status: 200, body: renderRoleDefinition(role, options) };
  }
  const filter = request.query.get("$filter") ?? "";
  const wanted = /^roleName\s+eq\s+'([^']*)'$/i.exec(filter.trim())?.[1]?.toLowerCase();
  const kind = /^type\s+eq\s+'(BuiltIn|Custom)Role'$/i.exec(filter.trim())?.[1]?.toLowerCase();
  if (filter !== "" && wanted === undefined && kind === undefined && !/^atScopeAndBelow\(\)$/i.test(filter.trim()))
    throw unknownFilter(filter);
  const shown = allRoles(context)
    .filter(({ roleName }) => wanted === undefined || roleName.toLowerCase() === wanted)
    .filter(({ made }) => kind === undefined || (kind === "builtin") === (made === undefined));
  return listed(
    shown.map((role) => renderRoleDefinition(role, options)),
    request,
  );
}
