/** A small program as data. */
export interface ResourceSpec {
  /** For example `command:local:Command`. */
  type: string;
  name: string;
  /** Type of the component to which it belongs. */
  parent?: string;
  inputs: Record<string, unknown>;
  protect?: boolean;
  deleteBeforeReplace?: boolean;
}

export interface ProgramSpec {
  resources: ResourceSpec[];
  /** What it writes to its standard output. */
  print?: string[];
  /** It ends with this error. */
  error?: string;
}
