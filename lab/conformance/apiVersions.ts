/** The api-version of a request that names none: the newest stable one that the cases were written for. */
const versions: [RegExp, string][] = [
  [/^\/subscriptions\/[^/]+\/providers\/[^/]+(\/(un)?register)?$/i, "2021-04-01"],
  [/\/providers\/Microsoft\.Authorization(\/|$)/i, "2022-04-01"],
  [/\/providers\/Microsoft\.ManagedIdentity(\/|$)/i, "2023-01-31"],
  [/\/providers\/Microsoft\.Insights(\/|$)/i, "2022-10-01"],
  [/^https:\/\/[^/]+\.vault\./, "7.4"],
  [/\/providers\/Microsoft\.KeyVault(\/|$)/i, "2024-11-01"],
  [/\/providers\/Microsoft\.Features(\/|$)/i, "2021-07-01"],
  [/\/providers\/Microsoft\.Compute\/skus$/i, "2021-07-01"],
  [/\/providers\/Microsoft\.Compute(\/|$)/i, "2024-11-01"],
  [/\/providers\/Microsoft\.Storage(\/|$)/i, "2024-01-01"],
  [/\/providers\/Microsoft\.Network\/privateDnsZones(\/|$)/i, "2024-06-01"],
  [/\/providers\/Microsoft\.Network\/dnsZones(\/|$)/i, "2018-05-01"],
  [/\/providers\/Microsoft\.Network(\/|$)/i, "2024-05-01"],
];

export const apiVersionOf = (path: string): string =>
  versions.find(([pattern]) => pattern.test(path))?.[1] ?? "2024-03-01";
