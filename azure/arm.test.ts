import { afterEach, expect, test, vi } from "vitest";
import { cloudOf } from "../environment/cloud.ts";
import { endpointsOf } from "./arm.ts";

afterEach(() => vi.unstubAllGlobals());

function answer(give: (url: string) => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve().then(() => give(url));
  });
  return asked;
}

test("the endpoints of Azure's own clouds are known, without asking", async () => {
  const asked = answer(() => {
    throw new Error("nothing is to be asked");
  });
  const endpoints = [cloudOf("public", undefined), cloudOf("usgovernment", undefined), cloudOf("china", undefined)];
  expect(await Promise.all(endpoints.map((cloud) => endpointsOf(cloud)))).toEqual([
    {
      resourceManager: "https://management.azure.com",
      vaultSuffix: "vault.azure.net",
      storageSuffix: "core.windows.net",
    },
    {
      resourceManager: "https://management.usgovcloudapi.net",
      vaultSuffix: "vault.usgovcloudapi.net",
      storageSuffix: "core.usgovcloudapi.net",
      login: "https://login.microsoftonline.us",
    },
    {
      resourceManager: "https://management.chinacloudapi.cn",
      vaultSuffix: "vault.azure.cn",
      storageSuffix: "core.chinacloudapi.cn",
      login: "https://login.chinacloudapi.cn",
    },
  ]);
  expect(asked).toEqual([]);
});

test("a metadata host names ARM, where tokens are had, and the suffixes of vaults and storage", async () => {
  const metadata = {
    resourceManager: "https://127.0.0.1:8443",
    authentication: { loginEndpoint: "https://127.0.0.1:8444" },
    suffixes: { keyVaultDns: ".vault.example", storage: "core.example" },
  };
  const asked = answer(() => Response.json(metadata));
  expect(await endpointsOf({ metadataHost: "127.0.0.1:8443" })).toEqual({
    resourceManager: "https://127.0.0.1:8443",
    vaultSuffix: "vault.example",
    storageSuffix: "core.example",
    login: "https://127.0.0.1:8444",
  });
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
  ["knows no vaults", () => Response.json({ resourceManager: "https://arm" }), "names no suffixes.keyVaultDns"],
  [
    "knows no storage",
    () => Response.json({ resourceManager: "https://arm", suffixes: { keyVaultDns: "vault" } }),
    "names no suffixes.storage",
  ],
  ["is a page for people", () => new Response("<html>"), "names no resourceManager"],
] as const)("a metadata host that %s is told with its setting", async (_, give, words) => {
  answer(give);
  const failure = endpointsOf({ metadataHost: "lab.example" });
  await expect(failure).rejects.toThrow("azure-native:metadataHost: given lab.example");
  await expect(failure).rejects.toThrow(words);
});

test("a metadata host that begins to answer and does not end is left after its time", async () => {
  answer(() => new Response(new ReadableStream()));
  await expect(endpointsOf({ metadataHost: "lab.example" }, 0.05)).rejects.toThrow("it has not answered within 0.05 s");
});

test("a metadata host that does not answer is left after its time", async () => {
  let given: AbortSignal | undefined;
  vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
    given = signal;
    return new Promise(() => {});
  });
  await expect(endpointsOf({ metadataHost: "lab.example" }, 0.05)).rejects.toThrow(
    /^azure-native:metadataHost: given lab.example, .* cannot be reached \(Error: it has not answered within 0\.05 s\)/,
  );
  expect(given?.aborted).toBe(true);
});
