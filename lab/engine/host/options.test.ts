import { expect, test } from "vitest";
import { optionVariables, readOptions, splitWords } from "./options.ts";

test("Without options, TypeScript is compiled, as with the official host; typescript: false leaves it to Node.", () => {
  expect(optionVariables(readOptions({}))).toEqual({ PULUMI_NODEJS_TYPESCRIPT: "true" });
  expect(optionVariables(readOptions({ typescript: false }))).toEqual({});
  expect(optionVariables(readOptions({ tsconfig: "t.json" }))).toEqual({
    PULUMI_NODEJS_TYPESCRIPT: "true",
    PULUMI_NODEJS_TSCONFIG_PATH: "t.json",
  });
});

test("nodeargs are split as a shell does.", () => {
  expect(readOptions({ nodeargs: "--max-old-space-size=512  --title='a b'" }).nodeArguments).toEqual([
    "--max-old-space-size=512",
    "--title=a b",
  ]);
  expect(splitWords(String.raw`a\ b "c \"d\"" '' 'e\f'`)).toEqual(["a b", 'c "d"', "", String.raw`e\f`]);
  expect(() => splitWords("--title='a")).toThrow("without its end");
});

test("A wrong option is refused with what is allowed.", () => {
  expect(() => readOptions({ typescript: "no" })).toThrow(
    'runtime.options.typescript in Pulumi.yaml is "no"; allowed: true or false.',
  );
  expect(() => readOptions({ packagemanager: "apt" })).toThrow("auto, npm, yarn, pnpm, bun");
});
