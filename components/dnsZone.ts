/** Names: public ones for the routed hosts, private ones for the tiers. */
import * as pulumi from "@pulumi/pulumi";
import { RecordSet } from "@pulumi/azure-native/dns/recordSet.js";
import { Zone } from "@pulumi/azure-native/dns/zone.js";
import { PrivateRecordSet } from "@pulumi/azure-native/privatedns/privateRecordSet.js";
import { PrivateZone } from "@pulumi/azure-native/privatedns/privateZone.js";
import { VirtualNetworkLink } from "@pulumi/azure-native/privatedns/virtualNetworkLink.js";
import { resourceName, tags } from "../environment/names.ts";

/** An address record: `@` for the zone itself. */
export interface AddressRecord {
  label: string;
  address: pulumi.Input<string>;
}

export interface DnsZoneArgs {
  stack: string;
  environment: string;
  resourceGroupName: pulumi.Input<string>;
  /** Domain of the zone, for example `dev.chatbot.example`. */
  domain: string;
  records: AddressRecord[];
  /** Network in which the zone is private. Default: a public zone. */
  networkId?: pulumi.Input<string>;
  /** Refuse to delete the zone: its name servers are known outside of our hands. Default: false. */
  protect?: boolean;
}

/** Seconds for which resolvers may keep an answer: short, for the day on which an address moves. */
const timeToLive = 300;

/** A zone with address records: public, or private to one network. */
export class DnsZone extends pulumi.ComponentResource {
  /** Name servers to which the parent zone must delegate; empty for a private zone. */
  readonly nameServers: pulumi.Output<string[]>;

  constructor(name: string, args: DnsZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("platform:components:DnsZone", name, {}, opts);
    this.nameServers =
      args.networkId === undefined ? this.publicZone(name, args) : this.privateZone(name, args, args.networkId);
    this.registerOutputs({ nameServers: this.nameServers });
  }

  private publicZone(name: string, args: DnsZoneArgs): pulumi.Output<string[]> {
    const zone = new Zone(
      `${name}-zone`,
      {
        zoneName: args.domain,
        resourceGroupName: args.resourceGroupName,
        location: "global",
        zoneType: "Public",
        tags: tags(args.environment),
      },
      { parent: this, protect: args.protect ?? false },
    );
    for (const { label, address } of args.records) {
      new RecordSet(
        `${name}-${label}`,
        {
          relativeRecordSetName: label,
          recordType: "A",
          resourceGroupName: args.resourceGroupName,
          zoneName: zone.name,
          ttl: timeToLive,
          aRecords: [{ ipv4Address: address }],
          metadata: tags(args.environment),
        },
        { parent: this },
      );
    }
    return zone.nameServers;
  }

  private privateZone(name: string, args: DnsZoneArgs, networkId: pulumi.Input<string>): pulumi.Output<string[]> {
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
    new VirtualNetworkLink(
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
      { parent: this },
    );
    for (const { label, address } of args.records) {
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
      );
    }
    return pulumi.output([]);
  }
}
