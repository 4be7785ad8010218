/** Names of Microsoft.Compute resources (Linux): 1-64 characters. */
export const computeName = {
  pattern: /^[^_\W][\w.-]{0,62}(?<![-.])$/,
  rule: "Linux VM names may only contain 1-64 characters: letters, numbers, periods, underscores and hyphens; they begin with a letter or number and do not end with a period or hyphen",
};
