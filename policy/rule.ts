/** What a rule is. */
import type { Properties } from "./values.ts";

interface Described {
  /** Name of the policy, by which waivers name it. */
  name: string;
  /** What is asked, in one sentence. */
  asks: string;
  /** What others call it: rules of PSRule (`Azure...`), Checkov (`CKV...`) and Trivy (`AZU-...`). */
  ids: readonly string[];
  /** Only told: the run goes on. */
  advisory?: true;
}

/** A rule about resources by themselves. */
export interface Rule extends Described {
  /** Types of resources that it is about. */
  types: readonly string[] | "all";
  /** What is wrong; nothing where all is right, or not known yet. */
  check: (resource: Resource) => string[];
}

/** A rule about resources together. */
export interface StackRule extends Described {
  checkStack: (resources: readonly StackResource[]) => Finding[];
}

export interface Finding {
  message: string;
  /** The resource of which it is; undefined where it is of the stack. */
  of?: Resource | undefined;
}

/** A resource as rules see it. */
export interface Resource {
  /** Without a version: `azure-native:network:Subnet`. */
  type: string;
  /** Name in the program. */
  name: string;
  urn: string;
  stack: string;
  /** Types of the components that it is part of, from the outermost on. */
  components: readonly string[];
  /** Inputs; in a rule about a stack what the provider says of the resource. */
  inputs: Properties;
  protect: boolean;
}

export interface StackResource extends Resource {
  /** URN of the component that it is part of. */
  parent: string | undefined;
  /** URNs of the resources of whose outputs an input is made. */
  madeOf: (input: string) => string[];
}

/** Type of a component of the program. */
export const component = (name: string) => `platform:components:${name}`;
