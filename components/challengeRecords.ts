/** The TXT records by which a certificate authority sees that a host is the environment's. */
import * as pulumi from "@pulumi/pulumi";
import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { RecordSet } from "@pulumi/azure-native/dns/recordSet.js";
import { tags } from "../environment/names.ts";
import type { PlannedIdentity } from "../environment/plan.ts";
import { recordRights } from "../environment/rights.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";
import { assignRole, unknownPrincipals } from "./rights.ts";

/** What the records are made of. */
export interface ChallengeRecordsArgs extends EnvironmentArgs {
  /** Name of the public zone. */
  zoneName: pulumi.Input<string>;
  /** Its resource ID. */
  zoneId: pulumi.Input<string>;
  /** What the machines of each group may do. */
  identities: Pick<PlannedIdentity, "group" | "rights">[];
  /** Object IDs of the identities, by the groups' names. */
  principalIds: Record<string, pulumi.Input<string>>;
}

/** A TXT record set for each name to be shown, which machines may write, and no other of the zone. */
export class ChallengeRecords extends pulumi.ComponentResource {
  /** The resources of which they consist: records by label, rights by `<group>-<label>`. */
  readonly nodes: { records: Record<string, RecordSet>; rights: Record<string, RoleAssignment> };

  constructor(name: string, args: ChallengeRecordsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("ChallengeRecords", name, mistakesOf(args));
    super("platform:components:ChallengeRecords", name, {}, opts);
    const wanted = args.identities.flatMap(({ group, rights }) =>
      recordRights(rights).map(({ role, label }) => ({ group, role, label })),
    );
    const records = Object.fromEntries(
      [...new Set(wanted.map(({ label }) => label))].map((label) => [
        label,
        new RecordSet(
          `${name}-${label}`,
          {
            relativeRecordSetName: label,
            recordType: "TXT",
            resourceGroupName: args.resourceGroupName,
            zoneName: args.zoneName,
            // Each value is asked for once, soon after it was written.
            ttl: 1,
            txtRecords: [{ value: ["unused"] }],
            metadata: tags(args.environment),
          },
          // Machines write it. It stands all the time, so that nobody need be allowed to make others.
          { parent: this, ignoreChanges: ["txtRecords", "ttl"] },
        ),
      ]),
    );
    const rights = Object.fromEntries(
      wanted.map(({ group, role, label }) => {
        const key = `${group}-${label}`;
        const scope = pulumi.interpolate`${args.zoneId}/TXT/${label}`;
        const principalId = args.principalIds[group] ?? "";
        const opts = { parent: this, dependsOn: records[label] ?? [] };
        return [key, assignRole(`${name}-${key}`, { role, scope, principalId }, opts)] as const;
      }),
    );
    this.nodes = { records, rights };
    this.registerOutputs({});
  }
}

function mistakesOf({ identities, principalIds }: ChallengeRecordsArgs) {
  const unknown = unknownPrincipals(identities, principalIds);
  return unless(
    unknown.length === 0,
    "principalIds",
    `none for ${unknown.join(", ")}`,
    "one for each group of machines",
  );
}
