import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wiping } from "./wiping.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "wiping-"));
  folder = join(root, "etc/nginx/certificates");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, "run"));
  for (const file of files()) writeFileSync(file, "some");
});
afterEach(() => rmSync(root, { recursive: true }));

const hosts = ["www.chatbot.example", "*.chatbot.example"];
const thumbprint = () => join(root, "etc/nginx/acme.conf");
const certificates = () => ["www.chatbot.example", "any.chatbot.example"].map((host) => join(folder, `${host}.pem`));
const state = () => join(root, "run/platform-certificates.json");
const files = () => [thumbprint(), state(), ...certificates()];

/** Runs it in a folder in place of the machine's. */
const wipe = (seconds: number, meanwhile = "") =>
  execFileSync("sh", ["-c", `${meanwhile}\n${wiping(hosts, seconds)}`.replaceAll(/(?<= )\/(?=etc|run)/g, `${root}/`)], {
    encoding: "utf8",
  });

test("removes the certificates, the thumbprint and what is remembered", () => {
  expect(wipe(0)).toBe("");
  expect(files().filter((file) => existsSync(file))).toEqual([]);
});

test("says after how long all files were there again, and nothing where one is not in time", () => {
  const [www = "", any = ""] = certificates();
  const again = `(sleep 0.6; mkdir ${folder}; echo 1 > ${www}; echo 1 > ${thumbprint()}`;
  expect(wipe(1, `${again}) &`)).toBe("");
  expect(wipe(5, `${again}; echo 1 > ${any}) &`)).toMatch(/^there again after 0\.[6-9]\d\d|1\.\d{3}\n$/);
});
