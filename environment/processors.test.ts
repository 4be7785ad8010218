import { expect, test } from "vitest";
import { processorsOf } from "./processors.ts";

test.each([
  ["Standard_B2als_v2", 2],
  ["Standard_D8s_v5", 8],
  ["Standard_E4-2s_v5", 2],
  ["Standard_HB120-16rs_v3", 16],
  ["Standard_NC24ads_A100_v4", 24],
  ["Standard_DC4as_v5", 4],
  ["Standard_DS3_v2", 4],
  ["Standard_D2_v2", 2],
  ["Standard_D2_v5", 2],
  ["Standard_Odd", 2],
])("a machine of size %s has %i processors", (size, processors) => {
  expect(processorsOf(size)).toBe(processors);
});
