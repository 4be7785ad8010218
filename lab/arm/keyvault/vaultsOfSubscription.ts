/** What Microsoft.KeyVault answers beside its resources: deleted vaults, and whether a name is free. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { listed, type Answer, type Request } from "../http.ts";
import { regionName } from "../locations.ts";
import { checkVersion, methodNotAllowed, onlyGet } from "../paths.ts";
import { objectOf } from "../put.ts";
import { deletedVaultNamed, deletedVaults, purge, renderDeleted } from "./softDelete.ts";
import { nameInUse, vaultName, vaultNamed, vaultVersions } from "./vaults.ts";

/** `path` stands behind the namespace. Undefined: none of these. */
export function answerVaults(request: Request, path: string[], context: Context): Answer | undefined {
  const [first = "", location = "", kind = "", name, action, ...more] = path;
  const word = first.toLowerCase();
  const check = (type: string): void =>
    checkVersion(request, { type: `Microsoft.KeyVault/${type}`, apiVersions: vaultVersions });
  if (word === "checknameavailability" && path.length === 1) {
    check("checkNameAvailability");
    if (request.method !== "POST") throw methodNotAllowed(request, request.path);
    return { status: 200, body: availability(String(objectOf(request.body)["name"]), context) };
  }
  if (word === "deletedvaults" && path.length === 1) {
    check("deletedVaults");
    onlyGet(request);
    return listed(deletedVaults(context).map(renderDeleted), request);
  }
  if (word !== "locations" || kind.toLowerCase() !== "deletedvaults" || name === undefined || more.length > 0) return;
  check("locations/deletedVaults");
  const deleted = deletedVaultNamed(name, context);
  if (!deleted || deleted.body.location !== regionName(location))
    throw new ArmError(404, "DeletedVaultNotFound", `The specified deleted vault '${name}' does not exist.`);
  if (action === undefined) {
    onlyGet(request);
    return { status: 200, body: renderDeleted(deleted) };
  }
  if (action.toLowerCase() !== "purge" || request.method !== "POST") throw methodNotAllowed(request, request.path);
  context.store.transaction(() => purge(deleted, context));
  return { status: 200 };
}

function availability(name: string, context: Context): object {
  const refused = (reason: string, message: string): object => ({ nameAvailable: false, reason, message });
  if (!vaultName.pattern.test(name)) return refused("AccountNameInvalid", `${vaultName.rule}.`);
  const isTaken = vaultNamed(name, context) ?? deletedVaultNamed(name, context);
  return isTaken ? refused("AlreadyExists", nameInUse(name)) : { nameAvailable: true };
}
