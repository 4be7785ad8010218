import { expect, test } from "vitest";
import { withStandIns } from "./settings.ts";

const repository = { url: "https://lab/packages", keyUrl: "https://lab/key", keyFingerprint: "A".repeat(40) };
const file = (tiers: object, more: object = {}) => ({ config: { "platform:environment": { tiers }, ...more } });

test("tiers with GitLab and runners get the lab's repository, by their kind, and runners have no token yet", () => {
  const given = file({
    forge: { kind: "gitlab", packages: { name: "gitlab-ce" } },
    runner: { secrets: { token: "runnerToken" } },
    front: { port: 3000 },
  });
  expect(withStandIns(given, repository)).toEqual(
    file(
      {
        forge: { kind: "gitlab", packages: { name: "gitlab-ce", repository } },
        runner: { packages: { repository }, secrets: { token: "runnerToken" } },
        front: { port: 3000 },
      },
      { "platform:runnerToken": "none" },
    ),
  );
  expect(given).toEqual(
    file({
      forge: { kind: "gitlab", packages: { name: "gitlab-ce" } },
      runner: { secrets: { token: "runnerToken" } },
      front: { port: 3000 },
    }),
  );
});

test("what the file says itself stays, and so does all of it where the lab has no repository", () => {
  const own = { ...repository, url: "https://mirror.example" };
  const tiers = { runner: { packages: { repository: own }, secrets: { token: "runnerToken" } } };
  const given = file(tiers, { "platform:runnerToken": "glrt-given" });
  expect(withStandIns(given, repository)).toEqual(given);
  const untouched = file({ gitlab: { port: 80 } });
  expect(withStandIns(untouched, undefined)).toEqual(untouched);
});
