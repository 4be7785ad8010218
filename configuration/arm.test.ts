import { afterEach, expect, test, vi } from "vitest";
import { armEndpoint } from "./arm.ts";

afterEach(() => vi.unstubAllGlobals());

function answer(give: (url: string) => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve().then(() => give(url));
  });
  return asked;
}

test("without a metadata host ARM is Azure's own", async () => {
  const asked = answer(() => { throw new Error("nothing is to be asked"); });
  expect(await armEndpoint(undefined)).toBe("https://management.azure.com");
  expect(asked).toEqual([]);
});

test("a metadata host names ARM", async () => {
  const asked = answer(() => Response.json({ resourceManager: "https://127.0.0.1:8443" }));
  expect(await armEndpoint("127.0.0.1:8443")).toBe("https://127.0.0.1:8443");
  expect(asked).toEqual(["https://127.0.0.1:8443/metadata/endpoints?api-version=2022-09-01"]);
});

test.each([
  ["cannot be reached", () => { throw new TypeError("fetch failed", { cause: new Error("connection refused") }); },
    "cannot be reached (Error: connection refused)"],
  ["refuses", () => new Response("", { status: 403 }), "answers 403"],
  ["knows no ARM", () => Response.json({}), "names no resourceManager"],
] as const)("a metadata host that %s is told with its setting", async (_, give, words) => {
  answer(give);
  const failure = armEndpoint("lab.example");
  await expect(failure).rejects.toThrow("azure-native:metadataHost: given lab.example");
  await expect(failure).rejects.toThrow(words);
});
