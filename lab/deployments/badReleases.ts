/** Releases that are bad, each in one way: an example's program, with something before it that spoils it. Pure. */

export const badKinds = ["crash", "never-ready", "slow", "500", "hang"] as const;
export type BadKind = (typeof badKinds)[number];

/** Milliseconds that an answer of the slow one takes: more than the health gate allows, and less than a client waits. */
export const slowMilliseconds = 3000;

/** What `http.createServer` gets in place of the example's own answer. */
const answers: Partial<Record<BadKind, string>> = {
  slow: `(answer) => (request, response) => setTimeout(() => answer(request, response), ${slowMilliseconds})`,
  "500": `() => (_request, response) => response.writeHead(500).end("this release is broken\\n")`,
  hang: `() => () => {}`,
};

/** The file that is started in place of the example's, which it imports as `./good.js`. */
export function spoiled(kind: BadKind): string {
  return `import http from "node:http";\n${before(kind)}\nawait import("./good.js");\n`;
}

function before(kind: BadKind): string {
  switch (kind) {
    case "crash":
      return `throw new Error("this release crashes at its start");`;
    case "never-ready":
      // It lives, and nothing listens.
      return `http.Server.prototype.listen = function () {\n  setInterval(() => {}, 60_000);\n  return this;\n};`;
    default:
      return [
        `const spoil = ${answers[kind]};`,
        "const create = http.createServer;",
        "http.createServer = (answer) => create(spoil(answer));",
      ].join("\n");
  }
}
