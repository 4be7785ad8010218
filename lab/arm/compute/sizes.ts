/** Virtual machine sizes: vCPU and memory in MiB. */

interface Size {
  cpus: number;
  memory: number;
}

/** The burstable series follow no rule. */
const burstable: Record<string, Size> = {
  standard_b1ls: { cpus: 1, memory: 512 },
  standard_b1s: { cpus: 1, memory: 1024 },
  standard_b1ms: { cpus: 1, memory: 2048 },
  standard_b2s: { cpus: 2, memory: 4096 },
  standard_b2ms: { cpus: 2, memory: 8192 },
  standard_b4ms: { cpus: 4, memory: 16384 },
  standard_b8ms: { cpus: 8, memory: 32768 },
  standard_b2ts_v2: { cpus: 2, memory: 1024 },
  standard_b2ls_v2: { cpus: 2, memory: 4096 },
  standard_b2s_v2: { cpus: 2, memory: 8192 },
  standard_b4ls_v2: { cpus: 4, memory: 8192 },
  standard_b4s_v2: { cpus: 4, memory: 16384 },
  standard_b2ats_v2: { cpus: 2, memory: 1024 },
  standard_b2als_v2: { cpus: 2, memory: 4096 },
  standard_b2as_v2: { cpus: 2, memory: 8192 },
  standard_b4als_v2: { cpus: 4, memory: 8192 },
  standard_b4as_v2: { cpus: 4, memory: 16384 },
};

/** GiB of memory per vCPU of the D, E and F series; `l` in the D series' name is "low memory". */
const perCpu: Record<string, number> = { D: 4, DL: 2, E: 8, F: 2 };

/** Undefined: no size that the lab knows. */
export function sizeOf(name: string): Size | undefined {
  const known = burstable[name.toLowerCase()];
  if (known) return known;
  const match = /^Standard_([DEF])(2|4|8|16|32|48|64)([a-z]*)(?:_v([2-7]))$/i.exec(name);
  if (!match) return undefined;
  const [, series, cpus, features] = match;
  const family = series!.toUpperCase() === "D" && features!.toLowerCase().includes("l") ? "DL" : series!.toUpperCase();
  return { cpus: Number(cpus), memory: Number(cpus) * perCpu[family]! * 1024 };
}
