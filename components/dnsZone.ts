/** Names: public ones for the routed hosts, private ones for the tiers. */
import * as pulumi from "@pulumi/pulumi";
import { RecordSet } from "@pulumi/azure-native/dns/recordSet.js";
import { Zone } from "@pulumi/azure-native/dns/zone.js";
import { PrivateRecordSet } from "@pulumi/azure-native/privatedns/privateRecordSet.js";
import { PrivateZone } from "@pulumi/azure-native/privatedns/privateZone.js";
import { VirtualNetworkLink } from "@pulumi/azure-native/privatedns/virtualNetworkLink.js";
import { isDnsName } from "../environment/hostNames.ts";
import { resourceName, tags } from "../environment/names.ts";
import { azureRecords } from "../environment/zones/azureRecords.ts";
import type { RecordSet as ZoneRecords } from "../environment/zones/recordSet.ts";
import { refuse, unless, type EnvironmentArgs } from "./args.ts";

/** An address record of a private zone. */
export interface AddressRecord {
  /** Name below the zone, for example `www`; `@` for the zone itself. */
  label: string;
  /** IPv4 address. */
  address: pulumi.Input<string>;
}

/** What a zone is made of. Records of a public zone, and the link of a private one, come after what is in `after`. */
export interface DnsZoneArgs extends EnvironmentArgs {
  /** Domain of the zone, for example `dev.chatbot.example`. A change builds the zone anew. */
  domain: string;
  /** A records of a private zone, each label once. Default: none. */
  records?: AddressRecord[];
  /** Record sets of a public zone, each name and type once. Values of A records may be outputs. Default: none. */
  recordSets?: ZoneRecords<pulumi.Input<string>>[];
  /** Resource ID of the network in which the zone is private. Default: a public zone. A change builds it anew. */
  networkId?: pulumi.Input<string>;
}

/** Seconds for which machines may keep an answer of a private zone. */
const timeToLive = 300;

/** A zone with its records: public, or private to one network. */
export class DnsZone extends pulumi.ComponentResource {
  /** Name servers to which the parent zone must delegate; empty for a private zone. */
  readonly nameServers: pulumi.Output<string[]>;
  /**
   * The resources of which the zone consists; records by label, those of a public zone that are no A or CNAME by label and
   * type (`www/TXT`); a link where the zone is private.
   */
  readonly nodes: {
    zone: Zone | PrivateZone;
    records: Record<string, RecordSet | PrivateRecordSet>;
    link?: VirtualNetworkLink;
  };

  constructor(name: string, args: DnsZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("DnsZone", name, mistakesOf(args));
    super("platform:components:DnsZone", name, {}, opts);
    if (args.networkId === undefined) {
      const { zone, records } = this.publicZone(name, args);
      this.nodes = { zone, records };
      this.nameServers = zone.nameServers;
    } else {
      this.nodes = this.privateZone(name, args, args.networkId);
      this.nameServers = pulumi.output([]);
    }
    this.registerOutputs({ nameServers: this.nameServers });
  }

  private publicZone(name: string, args: DnsZoneArgs) {
    const zone = new Zone(
      `${name}-zone`,
      {
        zoneName: args.domain,
        resourceGroupName: args.resourceGroupName,
        location: "global",
        zoneType: "Public",
        tags: tags(args.environment),
      },
      { parent: this },
    );
    const records = Object.fromEntries(
      (args.recordSets ?? []).map((set) => {
        const { name: label, type, ttl } = set;
        const key = recordKey(set);
        const record = new RecordSet(
          `${name}-${key}`,
          {
            relativeRecordSetName: label,
            recordType: type,
            resourceGroupName: args.resourceGroupName,
            zoneName: zone.name,
            ttl,
            // Only values of A records may be outputs, and these are taken as they are.
            ...azureRecords(set as ZoneRecords),
            metadata: tags(args.environment),
          },
          // Azure has no A record beside a CNAME of the same name, not even for a moment. Where the stack is protected, a
          // host still goes over from one address to the other in one `pulumi up`, and back.
          { parent: this, deleteBeforeReplace: true, protect: false, dependsOn: args.after ?? [] },
        );
        return [key, record];
      }),
    );
    // Protected as the stack is, and needing all records: `pulumi destroy` is refused before it comes to them.
    new pulumi.ComponentResource(
      "platform:components:DnsRecords",
      `${name}-records`,
      {},
      { parent: this, dependsOn: Object.values(records) },
    );
    return { zone, records };
  }

  private privateZone(name: string, args: DnsZoneArgs, networkId: pulumi.Input<string>) {
    const zone = new PrivateZone(
      `${name}-zone`,
      {
        privateZoneName: args.domain,
        resourceGroupName: args.resourceGroupName,
        location: "Global",
        tags: tags(args.environment),
      },
      { parent: this },
    );
    const link = new VirtualNetworkLink(
      `${name}-link`,
      {
        virtualNetworkLinkName: resourceName("virtualNetworkLink", args.stack),
        resourceGroupName: args.resourceGroupName,
        privateZoneName: zone.name,
        location: "Global",
        virtualNetwork: { id: networkId },
        registrationEnabled: false,
        tags: tags(args.environment),
      },
      { parent: this, dependsOn: args.after ?? [] },
    );
    const records = recordsOf(
      args,
      (label, address) =>
        new PrivateRecordSet(
          `${name}-${label}`,
          {
            relativeRecordSetName: label,
            recordType: "A",
            resourceGroupName: args.resourceGroupName,
            privateZoneName: zone.name,
            ttl: timeToLive,
            aRecords: [{ ipv4Address: address }],
            metadata: tags(args.environment),
          },
          { parent: this },
        ),
    );
    return { zone, records, link };
  }
}

/** A name has an A record or is an alias: one resource, which is replaced where it becomes the other. */
function recordKey({ name, type }: ZoneRecords<unknown>): string {
  return type === "A" || type === "CNAME" ? name : `${name}/${type}`;
}

/** Makes each record of a private zone and keeps it by its label. */
function recordsOf<T>({ records = [] }: DnsZoneArgs, make: (label: string, address: pulumi.Input<string>) => T) {
  return Object.fromEntries(records.map(({ label, address }) => [label, make(label, address)]));
}

function mistakesOf({ domain, records = [], recordSets = [], networkId }: DnsZoneArgs) {
  const labels = records.map(({ label }) => label);
  const keys = recordSets.map(recordKey);
  return [
    ...unless(isDnsName(domain), "domain", domain, "a DNS name in lower case, for example dev.chatbot.example"),
    ...unless(new Set(labels).size === labels.length, "records", labels, "each label once"),
    ...unless(
      new Set(keys).size === keys.length,
      "recordSets",
      keys,
      "each name and type once, and no A beside a CNAME",
    ),
    ...unless(networkId !== undefined || labels.length === 0, "records", labels, "recordSets, for a public zone"),
    ...unless(networkId === undefined || keys.length === 0, "recordSets", keys, "records, for a private zone"),
  ];
}
