import { expect, test } from "vitest";
import { dev, mistakes } from "./testing/mistakes.ts";

test("a size that is known to lack accelerated networking is refused with it, wherever it stands", () => {
  const environment = dev((given) => {
    given.tiers["front"] = { ...given.tiers["front"], size: "Standard_B2s" };
    given.tiers["back"] = { ...given.tiers["back"], size: "Standard_B1ms", acceleratedNetworking: false };
    given["balancers"] = { size: "Standard_B2ms", acceleratedNetworking: true };
    given.tiers["data"] = { ...given.tiers["data"], size: "Standard_B16ms" };
  });
  expect(mistakes({ environment })).toEqual([
    [
      "platform:environment.tiers.front.acceleratedNetworking",
      "(nothing)",
      "false beside size Standard_B2s, which has none",
    ],
    ["platform:environment.balancers.acceleratedNetworking", "true", "false beside size Standard_B2ms, which has none"],
  ]);
});
