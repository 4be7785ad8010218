/** Virtual machine sizes, by series, as Azure's pages on sizes and its list of SKUs have them. */

export interface Size {
  /** In Azure's spelling. */
  name: string;
  /** Under which its vCPUs are counted. */
  family: string;
  /** The family as Azure's usages call it for people. */
  familyName: string;
  cpus: number;
  /** MiB. */
  memory: number;
  /** MiB of temporary disk. */
  temporary: number;
  generations: "V1,V2" | "V2";
  acceleratedNetworking: boolean;
  encryptionAtHost: boolean;
  diskControllers: "SCSI" | "NVMe" | "SCSI, NVMe";
  /** Of the first B series, which Azure retires and refuses to new subscriptions. */
  retiring: boolean;
}

/** vCPUs and GiB of memory by the size's name without `Standard_` and version. */
type Named = readonly [name: string, cpus: number, gibibytes: number][];

const firstB: Named = [
  ["B1ls", 1, 0.5],
  ["B1s", 1, 1],
  ["B1ms", 1, 2],
  ["B2s", 2, 4],
  ["B2ms", 2, 8],
  ["B4ms", 4, 16],
  ["B8ms", 8, 32],
  ["B12ms", 12, 48],
  ["B16ms", 16, 64],
  ["B20ms", 20, 80],
];

/** `a` for AMD's processors. */
const secondB = (a: "" | "a"): Named => [
  [`B2${a}ts`, 2, 1],
  ...[2, 4, 8, 16, 32].flatMap((cpus): [string, number, number][] => [
    [`B${cpus}${a}ls`, cpus, cpus === 2 ? 4 : cpus * 2],
    [`B${cpus}${a}s`, cpus, cpus * 4],
  ]),
];

const usual = { generations: "V1,V2", acceleratedNetworking: true, encryptionAtHost: true, retiring: false } as const;

const burstable: Size[] = [
  ...firstB.map(([name, cpus, gibibytes]) => ({
    ...usual,
    name: `Standard_${name}`,
    family: "standardBSFamily",
    familyName: "Standard BS Family vCPUs",
    cpus,
    memory: gibibytes * 1024,
    temporary: Math.max(4096, gibibytes * 2048),
    acceleratedNetworking: cpus >= 12,
    diskControllers: "SCSI" as const,
    retiring: true,
  })),
  ...(["", "a"] as const).flatMap((a) =>
    secondB(a).map(([name, cpus, gibibytes]) => ({
      ...usual,
      name: `Standard_${name}_v2`,
      family: `standardB${a}sv2Family`,
      familyName: `Standard B${a}sv2 Family vCPUs`,
      cpus,
      memory: gibibytes * 1024,
      temporary: 0,
      diskControllers: "SCSI" as const,
    })),
  ),
];

/** Series with the same memory for each vCPU: `Standard_{letter}{vCPUs}{features}_v{version}`. */
interface Series {
  letter: "D" | "E" | "F";
  features: string;
  versions: readonly number[];
  /** The largest numbers of vCPUs, by version or for all. */
  most: number;
  gibibytesPerCpu: number;
  /** MiB of temporary disk per vCPU. */
  temporaryPerCpu?: number;
}

const series: readonly Series[] = [
  { letter: "D", features: "s", versions: [3], most: 64, gibibytesPerCpu: 4, temporaryPerCpu: 8192 },
  { letter: "D", features: "s", versions: [4], most: 64, gibibytesPerCpu: 4 },
  { letter: "D", features: "as", versions: [4], most: 96, gibibytesPerCpu: 4, temporaryPerCpu: 8192 },
  { letter: "D", features: "s", versions: [5, 6], most: 96, gibibytesPerCpu: 4 },
  { letter: "D", features: "as", versions: [5, 6], most: 96, gibibytesPerCpu: 4 },
  { letter: "D", features: "ls", versions: [5, 6], most: 96, gibibytesPerCpu: 2 },
  { letter: "D", features: "als", versions: [6], most: 96, gibibytesPerCpu: 2 },
  { letter: "D", features: "ds", versions: [4, 5], most: 64, gibibytesPerCpu: 4, temporaryPerCpu: 38_400 },
  { letter: "D", features: "ads", versions: [5], most: 96, gibibytesPerCpu: 4, temporaryPerCpu: 38_400 },
  { letter: "E", features: "s", versions: [3], most: 64, gibibytesPerCpu: 8, temporaryPerCpu: 16_384 },
  { letter: "E", features: "s", versions: [4], most: 64, gibibytesPerCpu: 8 },
  { letter: "E", features: "s", versions: [5], most: 96, gibibytesPerCpu: 8 },
  { letter: "E", features: "as", versions: [5, 6], most: 96, gibibytesPerCpu: 8 },
  { letter: "F", features: "s", versions: [2], most: 64, gibibytesPerCpu: 2, temporaryPerCpu: 8192 },
];

const regular: Size[] = series.flatMap(({ letter, features, versions, most, gibibytesPerCpu, temporaryPerCpu = 0 }) =>
  versions.flatMap((version) =>
    [2, 4, 8, 16, 32, 48, 64, 96]
      .filter((cpus) => cpus <= most)
      .map((cpus) => ({
        ...usual,
        name: `Standard_${letter}${cpus}${features}_v${version}`,
        // Families are spelled in capitals up to version 5.
        family: `standard${letter}${version < 6 ? features.toUpperCase() : features}v${version}Family`,
        familyName: `Standard ${letter}${version < 6 ? features.toUpperCase() : features}v${version} Family vCPUs`,
        cpus,
        memory: cpus * gibibytesPerCpu * 1024,
        temporary: cpus * temporaryPerCpu,
        generations: version >= 6 ? ("V2" as const) : ("V1,V2" as const),
        diskControllers: version >= 6 ? ("NVMe" as const) : ("SCSI" as const),
      })),
  ),
);

/** All that the lab knows, in the order in which lists show them. */
export const sizes: readonly Size[] = [...burstable, ...regular];

const byName = new Map(sizes.map((size) => [size.name.toLowerCase(), size]));

/** In any letter case. Undefined: no size that the lab knows. */
export const sizeOf = (name: string): Size | undefined => byName.get(name.toLowerCase());

/** Families with the name that people read, once each. */
export const families: readonly { family: string; familyName: string }[] = [
  ...new Map(sizes.map(({ family, familyName }) => [family, { family, familyName }])).values(),
];
