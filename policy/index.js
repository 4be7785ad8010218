// JavaScript, because Pulumi's start of a policy pack would compile a TypeScript entry by a compiler of its own, which
// knows no imports of .ts. What is imported from here Node runs by itself.
import "./pack.ts";
