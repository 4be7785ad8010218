/**
 * The api-versions that each namespace accepts. The lab answers all of them in the same shape: the types it has did not
 * change theirs between these versions.
 */
const network = [
  "2020-11-01",
  "2021-02-01",
  "2021-05-01",
  "2021-08-01",
  "2022-01-01",
  "2022-05-01",
  "2022-07-01",
  "2022-09-01",
  "2022-11-01",
  "2023-02-01",
  "2023-04-01",
  "2023-05-01",
  "2023-06-01",
  "2023-09-01",
  "2023-11-01",
  "2024-01-01",
  "2024-03-01",
  "2024-05-01",
  "2024-07-01",
  "2024-10-01",
  "2025-01-01",
  "2025-03-01",
  "2025-05-01",
  "2025-07-01",
  "2025-09-01",
  "2026-01-01",
];
const compute = [
  "2021-03-01",
  "2021-04-01",
  "2021-07-01",
  "2021-11-01",
  "2022-03-01",
  "2022-08-01",
  "2022-11-01",
  "2023-03-01",
  "2023-07-01",
  "2023-09-01",
  "2024-03-01",
  "2024-07-01",
  "2024-11-01",
  "2025-04-01",
  "2025-11-01",
  "2026-03-01",
  "2026-04-01",
];
const publicDns = ["2016-04-01", "2017-09-01", "2017-10-01", "2018-03-01-preview", "2018-05-01", "2023-07-01-preview"];
const privateDns = ["2018-09-01", "2020-01-01", "2020-06-01", "2024-06-01"];
const insights = ["2015-04-01", "2021-05-01-preview", "2022-10-01"];
const resources = [
  "2016-06-01",
  "2018-05-01",
  "2019-05-01",
  "2019-10-01",
  "2020-06-01",
  "2020-10-01",
  "2021-01-01",
  "2021-04-01",
  "2022-09-01",
  "2022-12-01",
  "2023-07-01",
  "2024-03-01",
  "2024-07-01",
  "2024-11-01",
  "2025-03-01",
  "2025-04-01",
];

/** `type` as in `Microsoft.Network/virtualNetworks/subnets`. */
export function versionsOf(type: string): readonly string[] {
  const [namespace, first = ""] = type.toLowerCase().split("/");
  if (namespace === "microsoft.resources") return resources;
  if (namespace === "microsoft.compute") return compute;
  if (namespace === "microsoft.insights") return insights;
  if (first === "dnszones") return publicDns;
  if (first === "privatednszones") return privateDns;
  return network;
}
