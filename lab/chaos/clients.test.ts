import { expect, test } from "vitest";
import { clientsPlan, idsOf } from "./clients.ts";

const load = { rate: 60, longestSeconds: 20, seed: 1, ids: "c1", timeoutSeconds: 10 };

test("clients are outside of every network, and read and write the page that is for people", () => {
  const urls = ["http://api.dev.example/", "http://www.dev.example/"];
  expect(clientsPlan({ urls, ...load })).toEqual({
    ...load,
    namespace: "lab-outside",
    from: Array.from({ length: 8 }, (_, index) => `198.51.100.${200 + index}`),
    within: ["198.51.100.0/24"],
    newConnections: true,
    targets: ["95 GET http://www.dev.example/", '5 POST http://www.dev.example/ {"text":"{{id}}"}'],
  });
  expect(clientsPlan({ urls: ["http://api.dev.example/"], ...load }).targets[0]).toBe("95 GET http://api.dev.example/");
  expect(() => clientsPlan({ urls: [], ...load })).toThrow("the stack has no URL");
});

test("what is written at another time has other IDs", () => {
  expect(idsOf("c", 1_796_083_200_000)).not.toBe(idsOf("c", 1_796_083_201_000));
});
