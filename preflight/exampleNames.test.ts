import { expect, test } from "vitest";
import { exampleNameObstacles } from "./exampleNames.ts";
import { devPlan } from "./testing/plans.ts";

const own = (change: (environment: Parameters<NonNullable<Parameters<typeof devPlan>[0]>>[0]) => void = () => {}) =>
  exampleNameObstacles(
    devPlan((environment) => {
      environment["domain"] = "dev.chatbot.net";
      environment["reverseProxy"] = { routes: [{ host: "www.dev.chatbot.net", tier: "front" }] };
      for (const tier of Object.values(environment.tiers)) delete tier["applications"];
      change(environment);
    }),
    "Pulumi.dev.yaml",
  ).map(({ place, given }) => [place, given]);

test("an environment with names of its own has no obstacle, also where example is a part of a name", () => {
  expect(own()).toEqual([]);
  expect(
    own((environment) => {
      environment["domain"] = "example.chatbot.net";
      environment["privateDomain"] = "dev.example.internal";
    }),
  ).toEqual([]);
});

test("repositories, private domains and old addresses are looked at too", () => {
  expect(
    own((environment) => {
      environment["privateDomain"] = "chatbot.example";
      environment.tiers["back"] = {
        ...environment.tiers["back"],
        applications: [
          { name: "back", repository: "https://git.chatbot.net/example/back.git", port: 4000 },
          { name: "more", repository: "https://git.chatbot.example/more.git", port: 4001 },
        ],
      };
      environment["reverseProxy"] = {
        routes: [{ host: "old.chatbot.net", legacy: "http://old.chatbot.example:8080" }],
      };
    }),
  ).toEqual([
    ["platform:environment.privateDomain", "chatbot.example"],
    ["platform:environment.tiers.back.applications[1].repository", "https://git.chatbot.example/more.git"],
    ["platform:environment.reverseProxy.routes[0].legacy", "http://old.chatbot.example:8080"],
  ]);
});
