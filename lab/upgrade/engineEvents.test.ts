import { expect, test } from "vitest";
import { replacedIn } from "./engineEvents.ts";

const event = (op: string, name: string) =>
  JSON.stringify({
    sequence: 1,
    resourcePreEvent: { metadata: { op, urn: `urn:pulumi:dev::platform::a$azure-native:network:Subnet::${name}` } },
  });

test("what was replaced or deleted is told by its name, and what was only updated is not", () => {
  const log = [
    event("same", "a"),
    event("update", "b"),
    event("delete-replaced", "c"),
    event("replace", "c"),
    event("create-replacement", "c"),
    event("delete", "d"),
    JSON.stringify({ sequence: 2, summaryEvent: {} }),
    "",
  ];
  expect(replacedIn(log.join("\n"))).toEqual(["c", "d"]);
});
