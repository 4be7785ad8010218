import { afterEach, expect, test, vi } from "vitest";
import { cloudOf } from "../environment/cloud.ts";
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

test("ARM of Azure's own clouds is known, without asking", async () => {
  const asked = answer(() => {
    throw new Error("nothing is to be asked");
  });
  expect(await armEndpoint(cloudOf("public", undefined))).toBe("https://management.azure.com");
  expect(await armEndpoint(cloudOf("usgovernment", undefined))).toBe("https://management.usgovcloudapi.net");
  expect(await armEndpoint(cloudOf("china", undefined))).toBe("https://management.chinacloudapi.cn");
  expect(asked).toEqual([]);
});

test("a metadata host names ARM", async () => {
  const asked = answer(() => Response.json({ resourceManager: "https://127.0.0.1:8443" }));
  expect(await armEndpoint({ metadataHost: "127.0.0.1:8443" })).toBe("https://127.0.0.1:8443");
  expect(asked).toEqual(["https://127.0.0.1:8443/metadata/endpoints?api-version=2022-09-01"]);
});

test.each([
  [
    "cannot be reached",
    () => {
      throw new TypeError("fetch failed", { cause: new Error("connection refused") });
    },
    "cannot be reached (Error: connection refused)",
  ],
  ["refuses", () => new Response("", { status: 403 }), "answers 403"],
  ["knows no ARM", () => Response.json({}), "names no resourceManager"],
] as const)("a metadata host that %s is told with its setting", async (_, give, words) => {
  answer(give);
  const failure = armEndpoint({ metadataHost: "lab.example" });
  await expect(failure).rejects.toThrow("azure-native:metadataHost: given lab.example");
  await expect(failure).rejects.toThrow(words);
});

test("a metadata host that does not answer is left after its time", async () => {
  let given: AbortSignal | undefined;
  vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
    given = signal;
    return new Promise(() => {});
  });
  await expect(armEndpoint({ metadataHost: "lab.example" }, 0.05)).rejects.toThrow(
    "azure-native:metadataHost: given lab.example, whose https://lab.example/metadata/endpoints?api-version=2022-09-01 " +
      "cannot be reached (Error: it has not answered within 0.05 s)",
  );
  expect(given?.aborted).toBe(true);
});
