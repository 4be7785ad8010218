/**
 * Functions that a program calls: its own identity, a token, and `get<Type>` of every resource type that the lab has.
 */
import type { Properties } from "../plugin/values.ts";
import type { Arm } from "./arm.ts";
import { pathValues, resourceType, resourceTypes } from "./resources.ts";
import { toOutputs } from "./shape.ts";

export async function invoke(arm: Arm, token: string, args: Properties): Promise<Properties> {
  switch (token) {
    case "azure-native:authorization:getClientConfig": {
      const { clientId, subscriptionId, tenantId } = arm.settings;
      return { clientId, subscriptionId, tenantId, objectId: objectId(await getToken(arm)) };
    }
    case "azure-native:authorization:getClientToken": {
      const endpoint = args["endpoint"];
      return { token: await getToken(arm, typeof endpoint === "string" && endpoint !== "" ? endpoint : undefined) };
    }
    default:
      return getResource(arm, token, args);
  }
}

async function getResource(arm: Arm, token: string, args: Properties): Promise<Properties> {
  // With or without an API version: `azure-native:network/v20250101:getSubnet`.
  const match = /^azure-native:([^:/]+)(\/[^:]+)?:get(\w+)$/.exec(token);
  if (!match || !resourceTypes.some((row) => row.token === `${match[1]}:${match[3]}`)) {
    const getters = resourceTypes.map((row) => `azure-native:${row.token.replace(":", ":get")}`).join("\n  ");
    throw new Error(
      `The lab has no function ${token}. It has:\n  azure-native:authorization:getClientConfig\n  ` +
        `azure-native:authorization:getClientToken\n  ${getters}`,
    );
  }
  const type = resourceType(`azure-native:${match[1]}${match[2] ?? ""}:${match[3]}`);
  const values = pathValues(type, args);
  const found = await arm.get(type, values);
  if (!found) throw new Error(`Status=404: there is no ${type.token} with ${JSON.stringify(values)}.`);
  return { id: (found as { id: string }).id, ...toOutputs(type, found) };
}

async function getToken(arm: Arm, endpoint?: string): Promise<string> {
  const { credential, audience } = await arm.cloud();
  const token = await credential.getToken(`${(endpoint ?? audience).replace(/\/+$/, "")}/.default`);
  if (!token) throw new Error("No token came back for the service principal of azure-native:clientId.");
  return token.token;
}

// The claim tells to whom the token was given; it is missing where tokens are not JSON Web Tokens.
function objectId(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { oid?: string };
    return claims.oid ?? "";
  } catch {
    return "";
  }
}
