/** What the types of Microsoft.Compute have in common; names are those of Linux machines. */
export const computeType = {
  dialect: "compute",
  asynchronous: true,
  name: {
    pattern: /^[^_\W][\w.-]{0,62}(?<![-.])$/,
    rule: "Linux VM names may only contain 1-64 characters: letters, numbers, periods, underscores and hyphens; they begin with a letter or number and do not end with a period or hyphen",
  },
  // What differs between them stands with each type.
  apiVersions: (
    "2022-11-01 2023-03-01 2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01 2025-04-01 2025-11-01 2026-03-01 " +
    "2026-04-01"
  ).split(" "),
} as const;
