/**
 * Makes or removes containers in Azurite, from inside of its namespace. What is there, or gone, already is well.
 * Standard input: see azurite.ts.
 */
import { json } from "node:stream/consumers";
import { changeContainers, type ContainersInput } from "./azuriteClient.ts";

await changeContainers((await json(process.stdin)) as ContainersInput);
