/**
 * Which module may import which (`make lint`). Folders are stages of the data's way: a module imports from its own stage
 * and from those before it. Tests as well, but for the recorder of resources, which stands with the components.
 */
const stages = [
  "environment",
  "inventory",
  "bootstrap",
  "components",
  "azure",
  "dns",
  "preflight",
  "configuration",
  "index\\.ts",
  "delivery",
];

const backwards = stages.flatMap((stage, index) => {
  const later = stages.slice(index + 1);
  return later.length === 0
    ? []
    : [
        {
          name: `${stage}-imports-no-later-stage`,
          severity: "error",
          comment: "The order of the stages: docs/architecture.md",
          from: { path: `^${stage}(/|$)` },
          to: { path: `^(${later.join("|")})(/|$)`, pathNot: "^components/testing/" },
        },
      ];
});

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...backwards,
    {
      name: "nothing-imports-the-lab",
      severity: "error",
      comment: "The program does not know the lab.",
      from: { pathNot: "^(lab/|vitest\\.config\\.ts)" },
      to: { path: "^lab/" },
    },
    {
      name: "the-lab-imports-no-wiring",
      severity: "error",
      comment:
        "The lab runs the program as its users do. It may use what the program knows of names, addresses and keys.",
      from: { path: "^lab/" },
      to: { path: "^(components/(?!testing/)|index\\.ts)" },
    },
    {
      name: "the-program-imports-no-end-to-end-test",
      severity: "error",
      from: { pathNot: "^(e2e|lab)/" },
      to: { path: "^e2e/" },
    },
    {
      name: "policies-know-addresses-only",
      severity: "error",
      comment: "A rule that used the program's own plan would agree with its mistakes.",
      from: { path: "^policy/" },
      to: { path: "^[^/]+/", pathNot: "^(policy/|environment/address\\.ts$|node_modules/)" },
    },
    {
      name: "only-tests-import-test-support",
      severity: "error",
      from: { pathNot: "(\\.test\\.ts$|(^|/)testing/|^lab/e2e/)" },
      to: { path: "(^|/)testing/" },
    },
    { name: "no-circle", severity: "error", comment: "Of types either.", from: {}, to: { circular: true } },
    {
      name: "only-declared-packages",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "unknown"] },
    },
    {
      name: "the-program-uses-its-own-packages",
      severity: "error",
      comment: "`npm ci --omit=dev` installs all that the program needs.",
      from: {
        path: "^(environment|inventory|bootstrap|azure|dns|preflight|components|configuration|index\\.ts|delivery)",
        pathNot: "(\\.test\\.ts|/testing/)",
      },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(node_modules|\\.venv|examples)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
