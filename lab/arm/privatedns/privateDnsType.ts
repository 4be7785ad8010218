/** What private zones and their links have in common. */
export const privateDnsType = {
  dialect: "dns",
  asynchronous: true,
  accepted: true,
  bareRefusals: true,
  location: "global",
  apiVersions: ["2018-09-01", "2020-01-01", "2020-06-01", "2024-06-01"],
} as const;
