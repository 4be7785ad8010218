/** `.../locations/{l}/publishers[/{p}/artifacttypes/vmimage/offers[/{o}/skus[/{s}/versions[/{v}]]]]` */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import type { Request } from "../http.ts";
import { notFound } from "../paths.ts";
import { catalogue, named, type Image } from "./images.ts";

/** `path` is what stands behind `publishers`. Lists of images are bare, without `value` around them. */
export function answerImages(region: string, path: string[], request: Request, { options }: Context): unknown {
  const [publisher, artifacts, kind, offers, offer, skus, sku, versions, version] = path;
  const words = [artifacts ?? "artifacttypes", kind ?? "vmimage", offers ?? "offers", skus ?? "skus", versions];
  const isKnown =
    words.join("/").toLowerCase() === ["artifacttypes/vmimage/offers/skus", versions].join("/").toLowerCase();
  if (!isKnown || path.length > 9 || (versions ?? "versions").toLowerCase() !== "versions") throw notFound(request);
  const base = `/Subscriptions/${options.subscriptionId}/Providers/Microsoft.Compute/Locations/${region}/Publishers`;
  const list = (all: object, below: string): unknown =>
    listing(Object.keys(all), request.query).map((name) => ({ location: region, name, id: `${base}/${below}${name}` }));
  const missing = (): never => {
    throw new ArmError(404, "NotFound", `Artifact: VMImage was not found.`);
  };
  if (publisher === undefined) return list(catalogue, "");
  const ofPublisher = named(catalogue, publisher) ?? missing();
  if (offers === undefined) throw notFound(request);
  const inPublisher = `${ofPublisher.name}/ArtifactTypes/VMImage/Offers/`;
  if (offer === undefined) return list(ofPublisher.value, inPublisher);
  const ofOffer = named(ofPublisher.value, offer) ?? missing();
  if (skus === undefined) throw notFound(request);
  const inOffer = `${inPublisher}${ofOffer.name}/Skus/`;
  if (sku === undefined) return list(ofOffer.value, inOffer);
  const image = named(ofOffer.value, sku) ?? missing();
  if (versions === undefined) throw notFound(request);
  const inSku = `${inOffer}${image.name}/Versions/`;
  const all = Object.fromEntries(image.value.versions.map((one) => [one, image.value]));
  const render = (one: string, full: boolean): object => ({
    location: region,
    name: one,
    id: `${base}/${inSku}${one}`,
    ...(full && { properties: propertiesOf(image.value) }),
  });
  const isExpanded = /^properties\b/i.test(request.query.get("$expand") ?? "");
  if (version === undefined) return listing(Object.keys(all), request.query).map((one) => render(one, isExpanded));
  // `latest` is a name of imageReference only: clients look for the newest in the list.
  return render((named(all, version) ?? missing()).name, true);
}

const propertiesOf = ({ generation, trustedLaunch }: Image): object => ({
  hyperVGeneration: generation,
  architecture: "x64",
  replicaType: "Managed",
  osDiskImage: { operatingSystem: "Linux", sizeInGb: 31 },
  dataDiskImages: [],
  automaticOSUpgradeProperties: { automaticOSUpgradeSupported: false },
  disallowed: { vmDiskType: "Unmanaged" },
  imageDeprecationStatus: { imageState: "Active" },
  features: [
    ...(trustedLaunch ? [{ name: "SecurityType", value: "TrustedLaunchSupported" }] : []),
    { name: "IsAcceleratedNetworkSupported", value: "True" },
    { name: "DiskControllerTypes", value: "SCSI, NVMe" },
  ],
});

/** `$orderby=name` or `name desc`, then `$top`. */
function listing(given: string[], query: URLSearchParams): string[] {
  const isDescending = /^\s*name\s+desc\s*$/i.test(query.get("$orderby") ?? "");
  const ordered = [...given].sort((a, b) => (isDescending ? b : a).localeCompare(isDescending ? a : b));
  const most = Number(query.get("$top") ?? 0);
  return most > 0 ? ordered.slice(0, most) : ordered;
}
