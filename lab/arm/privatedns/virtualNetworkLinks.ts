/** Microsoft.Network/privateDnsZones/virtualNetworkLinks */
import type { Context } from "../context.ts";
import { badRequest, conflict } from "../errors.ts";
import { keyOf, nameOf, parentOf } from "../ids.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { linkBody, type LinkBody } from "./linkSchema.ts";
import { privateDnsType } from "./privateDnsType.ts";

function prepare(draft: Draft<LinkBody>, { store }: Context): void {
  const { virtualNetwork, registrationEnabled } = draft.body.properties;
  const zone = parentOf(draft.id);
  const before = draft.existing?.body.properties.virtualNetwork.id;
  if (before !== undefined && keyOf(before) !== keyOf(virtualNetwork.id)) {
    throw badRequest(
      "BadRequest",
      `The virtual network of link ${draft.id} cannot be changed from ${before}: delete the link and make another.`,
    );
  }
  const others = store
    .ofType<LinkBody>(types.privateDnsLink)
    .filter(
      (link) =>
        link.key !== keyOf(draft.id) && keyOf(link.body.properties.virtualNetwork.id) === keyOf(virtualNetwork.id),
    );
  const sameName = others.find((link) => nameOf(parentOf(link.id)).toLowerCase() === nameOf(zone).toLowerCase());
  if (sameName) {
    throw badRequest(
      "BadRequest",
      `A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link virtual network with '${nameOf(zone)}' and '${nameOf(parentOf(sameName.id))}' zones.`,
    );
  }
  const registers = registrationEnabled && others.find((link) => link.body.properties.registrationEnabled);
  if (registers) {
    throw conflict(
      "Conflict",
      `A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration enabled; conflicting zone is '${parentOf(registers.id)}'.`,
    );
  }
}

export const virtualNetworkLinks: ResourceType<LinkBody> = {
  ...privateDnsType,
  type: types.privateDnsLink,
  name: {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?$/,
    rule: "1-80 letters, digits, periods, underscores and hyphens",
  },
  schema: linkBody,
  introduced: { "properties.resolutionPolicy": "2024-06-01" },
  patch: "merge",
  missingReference: (id) => badRequest("BadRequest", `Virtual network resource not found for '${id}'.`),
  prepare,
  render: (link) => ({
    properties: {
      registrationEnabled: false,
      resolutionPolicy: "Default",
      ...link.body.properties,
      virtualNetworkLinkState: link.state === "Succeeded" ? "Completed" : "InProgress",
      provisioningState: link.state,
    },
  }),
};
