import { expect, test } from "vitest";
import { readAnswer } from "./answer.ts";

const text = (...lines: string[]) => lines.join("\r\n");

test("a good answer was served", () => {
  expect(readAnswer(text("HTTP/1.1 200 OK", "Server: nginx", "", "hello"))).toEqual({ served: true });
  expect(readAnswer(text("HTTP/2 204", ""))).toEqual({ served: true });
});

test("an answer to which another one led is the one that counts", () => {
  const redirect = ["HTTP/1.1 301 Moved Permanently", "Location: https://www.chatbot.example/", ""];
  expect(readAnswer(text(...redirect, "HTTP/2 200", "", "hello"))).toEqual({ served: true });
  expect(readAnswer(text(...redirect, "HTTP/2 502", "", "bad"))).toBeUndefined();
  expect(readAnswer(text(...redirect))).toBeUndefined();
});

test("the reverse proxy's word that nothing is installed names the tier", () => {
  const page = ["Content-Type: text/plain", "X-Nothing-Installed: machine-learning", "", "not yet"];
  expect(readAnswer(text("HTTP/1.1 503 Service Temporarily Unavailable", ...page))).toEqual({
    served: false,
    tier: "machine-learning",
  });
});

test.each([
  ["no answer", ""],
  ["a machine that is missing", text("HTTP/1.1 504 Gateway Time-out", "", "")],
  ["a service that is busy", text("HTTP/1.1 503 Service Unavailable", "Server: nginx", "", "")],
  ["a page that only speaks of it", text("HTTP/1.1 503 Service Unavailable", "", "X-Nothing-Installed: gitlab")],
  [
    "another failure with the header",
    text("HTTP/1.1 500 Internal Server Error", "X-Nothing-Installed: gitlab", "", ""),
  ],
])("%s is neither", (_, answer) => {
  expect(readAnswer(answer)).toBeUndefined();
});
