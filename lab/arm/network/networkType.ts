/** What the types of Microsoft.Network have in common. */
export const networkType = {
  dialect: "network",
  asynchronous: true,
  name: {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?$/,
    rule: "The name must begin with a letter or number, end with a letter, number or underscore, and may contain only letters, numbers, underscores, periods, or hyphens; 80 characters at most",
  },
  // What differs between them stands with each type.
  apiVersions: (
    "2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01 2023-05-01 2023-06-01 2023-09-01 " +
    "2023-11-01 2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01 2025-01-01 2025-03-01 2025-05-01 2025-07-01 " +
    "2025-09-01 2026-01-01"
  ).split(" "),
} as const;
