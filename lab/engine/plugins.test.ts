import { mkdtempSync, readdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { arrangePlugins } from "./plugins.ts";

const lab = resolve(import.meta.dirname, "..");

test("Plugins lie under the versions that the SDKs ask for, the language host beside the engine, also a second time.", () => {
  const directory = mkdtempSync(join(tmpdir(), "plugins-test-"));
  const home = join(directory, "home");
  for (let time = 0; time < 2; time++) arrangePlugins({ pulumiHome: home, builtEngine: join(directory, "pulumi") });
  const plugins = readdirSync(join(home, "plugins")).sort();
  expect(plugins).toEqual([
    expect.stringMatching(/^language-nodejs-v3\.\d+\.\d+$/),
    expect.stringMatching(/^resource-azure-native-v3\.\d+\.\d+$/),
    expect.stringMatching(/^resource-command-v\d/),
  ]);
  const host = join(lab, "engine/pulumi-language-nodejs");
  expect(realpathSync(join(home, "plugins", plugins[0]!, "pulumi-language-nodejs"))).toBe(host);
  expect(realpathSync(join(home, "plugins", plugins[1]!, "pulumi-resource-azure-native"))).toBe(
    join(lab, "provider/bin/pulumi-resource-azure-native"),
  );
  expect(realpathSync(join(directory, "pulumi-language-nodejs"))).toBe(host);
});

test("A user's own Pulumi home is left alone.", () => {
  expect(() => arrangePlugins({ pulumiHome: join(homedir(), ".pulumi") })).toThrow("user's own Pulumi home");
});
