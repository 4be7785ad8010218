/** What Microsoft.Compute has in a region, without a resource: SKUs, usages, sizes, images. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import { locations, regionName } from "../locations.ts";
import { checkVersion, onlyGet } from "../paths.ts";
import { computeType } from "./computeType.ts";
import { answerImages } from "./imageCatalogue.ts";
import { listSizes, listSkus } from "./skus.ts";
import { listUsages } from "./usages.ts";

const skusType = {
  type: "Microsoft.Compute/skus",
  apiVersions: ["2017-03-30", "2017-09-01", "2019-04-01", "2021-07-01"],
};

/** Their shapes are older than those of scale sets that the lab knows. */
const locationVersions = [
  ..."2019-12-01 2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 2021-11-01 2022-03-01 2022-08-01".split(" "),
  ...computeType.apiVersions,
];

const lists = ["usages", "vmsizes", "publishers"] as const;

/** `path` stands behind the namespace. Undefined: not of a region. */
export function answerRegion(request: Request, path: string[], context: Context): Answer | undefined {
  const [first = "", location = "", kind = "", ...more] = path;
  if (first.toLowerCase() === "skus" && path.length === 1) {
    checkVersion(request, skusType);
    onlyGet(request);
    return { status: 200, body: listSkus(request.query, context) };
  }
  const list = lists.find((one) => one === kind.toLowerCase());
  if (first.toLowerCase() !== "locations" || list === undefined || (list !== "publishers" && more.length > 0)) return;
  checkVersion(request, { type: `Microsoft.Compute/locations/${list}`, apiVersions: locationVersions });
  onlyGet(request);
  const region = regionName(location);
  if (region === undefined) {
    const known = locations.map(({ name }) => name).join(", ");
    throw badRequest(
      "NoRegisteredProviderFound",
      `No registered resource provider found for location '${location}' and API version '${request.query.get("api-version")}' for type 'locations/${list}'. The lab's locations are '${known}'.`,
    );
  }
  switch (list) {
    case "usages":
      return { status: 200, body: listUsages(region, context) };
    case "vmsizes":
      return { status: 200, body: listSizes() };
    case "publishers":
      return { status: 200, body: answerImages(region, more, request, context) };
  }
}
