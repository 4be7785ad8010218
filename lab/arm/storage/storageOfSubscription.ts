/** What Microsoft.Storage answers for the whole subscription: whether a name is free. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import { checkVersion, methodNotAllowed } from "../paths.ts";
import { objectOf } from "../put.ts";
import { types } from "../typeNames.ts";
import { accountName, accountNamed } from "./accounts.ts";
import { storageVersions } from "./storageVersions.ts";

/** `path` stands behind the namespace. Undefined: something else is asked. */
export function answerStorage(request: Request, path: string[], context: Context): Answer | undefined {
  if (path.length !== 1 || path[0]!.toLowerCase() !== "checknameavailability") return undefined;
  checkVersion(request, { type: types.storageAccount, apiVersions: storageVersions });
  if (request.method !== "POST") throw methodNotAllowed(request, request.path);
  const { name, type } = objectOf(request.body);
  if (typeof name !== "string" || type !== types.storageAccount)
    throw badRequest("InvalidValuesForRequestParameters", "Values for request parameters are invalid: name, type.");
  const refused = (reason: string, message: string): Answer => ({
    status: 200,
    body: { nameAvailable: false, reason, message },
  });
  if (!accountName.pattern.test(name))
    return refused("AccountNameInvalid", `${name} is not a valid storage account name. ${accountName.rule}.`);
  if (accountNamed(name, context))
    return refused("AlreadyExists", `The storage account named ${name} is already taken.`);
  return { status: 200, body: { nameAvailable: true } };
}
