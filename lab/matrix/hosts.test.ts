import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../paths.ts";
import {
  curlArguments,
  hostQuestions,
  leftOut,
  readReplies,
  replyDifference,
  wantedText,
  type Question,
} from "./hosts.ts";
import { planAll } from "./plans.ts";

const environments = planAll(root, ["198.51.100.1/32"]);
const entrances = [
  { environment: "development", address: "198.51.100.33" },
  { environment: "production", address: "198.51.100.36" },
];
const questions = hostQuestions(environments, entrances);
const wanted = (url: string, address?: string, host?: string) =>
  questions
    .filter((one) => one.url === url && one.address === address && one.host === host)
    .map((one) => wantedText(one));

test.each([
  ["https://www.chatbot.example/", undefined, "HTTP/2 200 production/front"],
  ["http://www.chatbot.example/", undefined, "308 https://www.chatbot.example/"],
  ["https://gitlab.tools.chatbot.example/", undefined, "HTTP/2 200 tools/gitlab"],
  // Clients of earlier releases call it by http://.
  ["http://api.dev.chatbot.example/", undefined, "HTTP/1.1 200 development/back"],
  // Its own entrance has it, production's has not.
  ["https://www.dev.chatbot.example/", "198.51.100.33", "HTTP/2 200 development/front"],
  ["https://www.dev.chatbot.example/", "198.51.100.36", "no handshake"],
  ["http://www.dev.chatbot.example/", "198.51.100.36", "421"],
  ["https://gitlab.tools.chatbot.example/", "198.51.100.36", "HTTP/2 200 tools/gitlab"],
  ["https://gitlab.tools.chatbot.example/", "198.51.100.33", "no handshake"],
  ["https://nobody-routes-this.chatbot.example/", "198.51.100.36", "no handshake"],
  ["http://www.nobody-routes-this.dev.chatbot.example/", "198.51.100.33", "421"],
])("%s at %s is expected to be: %s", (url, address, text) => {
  expect(wanted(url, address)).toEqual([text]);
});

test("hosts of an environment whose public address is missing are asked for all the same", () => {
  const found = hostQuestions(environments, entrances.slice(0, 1)).map(({ url }) => url);
  expect(found).toContain("https://www.chatbot.example/");
  const byDns = hostQuestions(environments, []).map((question) => `${question.url}: ${wantedText(question)}`);
  expect(byDns).toContain("https://gitlab.tools.chatbot.example/: HTTP/2 200 tools/gitlab");
});

test("of environments that do not stand, no host is asked for where DNS leads", () => {
  const dev = environments.filter(({ stack }) => stack === "dev");
  const found = hostQuestions(environments, entrances.slice(0, 1), dev);
  const hosts = found.filter(({ address }) => address === undefined).map(({ url }) => new URL(url).hostname);
  expect([...new Set(hosts)]).toEqual(["www.dev.chatbot.example", "api.dev.chatbot.example"]);
  expect(found.map((question) => `${question.url} at ${question.address}: ${wantedText(question)}`)).toContain(
    "http://www.chatbot.example/ at 198.51.100.33: 421",
  );
});

test("a host other than the one that TLS began for is expected to be refused, known or not", () => {
  const others = questions.filter(({ host }) => host !== undefined);
  expect(others.every(({ wanted: one }) => one === "421")).toBe(true);
  expect(wanted("https://www.chatbot.example/", "198.51.100.36", "gitlab.tools.chatbot.example")).toEqual(["421"]);
  expect(wanted("https://www.chatbot.example/", "198.51.100.36", "nobody-routes-this.elsewhere.example")).toEqual([
    "421",
  ]);
  expect(leftOut(environments)).toEqual([]);
});

test("curl asks each question on its own, and what it prints is read", () => {
  const nowhere: Question[] = [
    { url: "http://one.example:9/", address: "127.0.0.1", wanted: "421" },
    { url: "http://two.example:9/", address: "127.0.0.2", host: "three.example", wanted: "421" },
  ];
  let printed = "";
  try {
    execFileSync("curl", curlArguments(nowhere), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    printed = (error as { stdout: string }).stdout;
  }
  const replies = readReplies(printed);
  expect(replies.map(({ exitCode, body }) => [exitCode, body])).toEqual([
    [7, ""],
    [7, ""],
  ]);
  expect(replyDifference(nowhere[0]!, replies[0]!, () => undefined)).toContain("127.0.0.1");
});

test("an answer counts by the environment and tier that wrote it, by its protocol, and refusals by how they come", () => {
  const question: Question = {
    url: "https://www.chatbot.example/",
    wanted: { environment: "production", tier: "front" },
  };
  const reply = { exitCode: 0, status: 200, version: "2", redirect: "", error: "", body: "by front" };
  const author = (body: string) => ({ environment: "production", tier: body.replace("by ", "") });
  expect(replyDifference(question, reply, author)).toBeUndefined();
  expect(replyDifference(question, { ...reply, body: "by back" }, author)).toBe("HTTP/2 200 production/back");
  expect(replyDifference(question, { ...reply, version: "1.1" }, author)).toBe("HTTP/1.1 200 production/front");
  expect(replyDifference(question, reply, () => undefined)).toContain("nobody known: by front");
  expect(replyDifference(question, { ...reply, exitCode: 60, error: "self-signed" }, author)).toContain(
    "60: self-signed",
  );
  const refused: Question = { url: "https://nobody.example/", wanted: "no handshake" };
  const ended = { ...reply, exitCode: 35, status: 0, body: "" };
  const unknown = "error:0A000458:SSL routines::tlsv1 unrecognized name";
  expect(replyDifference(refused, { ...ended, error: unknown }, author)).toBeUndefined();
  expect(replyDifference(refused, { ...ended, error: "Connection reset by peer" }, author)).toContain("reset");
});
