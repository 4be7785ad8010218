import fc from "fast-check";
import { expect, test } from "vitest";
import { computerNamePrefix, resourceName, tags } from "./names.ts";

test("names begin with the abbreviation of their type and say workload, stack and part", () => {
  expect(resourceName("resourceGroup", "dev")).toBe("rg-platform-dev");
  expect(resourceName("scaleSet", "dev", "front")).toBe("vmss-platform-dev-front");
  expect(resourceName("internalLoadBalancer", "prod", "machine-learning")).toBe("lbi-platform-prod-machine-learning");
  expect(resourceName("publicAddress", "dev", "nat")).toBe("pip-platform-dev-nat");
});

test("a name that Azure would refuse is refused with its limit", () => {
  expect(() => resourceName("scaleSet", "dev", "x".repeat(60))).toThrow("allowed are 64; shorten");
  expect(() => resourceName("subnet", "Dev")).toThrow("allowed are lower-case letters, digits and hyphens");
  expect(() => computerNamePrefix("x".repeat(59))).toThrow("allowed are 58 characters");
});

test("every name is either refused or within Azure's characters and length", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 90 }), (part) => {
      let name: string;
      try {
        name = resourceName("scaleSet", "dev", part);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      expect(name).toMatch(/^vmss-platform-dev-[a-z0-9-]{0,45}[a-z0-9]$/);
    }),
  );
});

test("the longest allowed tier in the longest common stack names still fits everywhere", () => {
  const tier = "a".repeat(24);
  expect(resourceName("scaleSet", "production", `${tier}-balancer`).length).toBeLessThanOrEqual(64);
  expect(computerNamePrefix(`${tier}-balancer`)).toBe(`${tier}-balancer`);
});

test("tags name environment, tier and who manages the resource", () => {
  expect(tags("development", "front")).toEqual({ environment: "development", tier: "front", "managed-by": "pulumi" });
  expect(tags("development").tier).toBe("shared");
});
