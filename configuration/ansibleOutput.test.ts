import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, longestLine, RunReader } from "./ansibleOutput.ts";

const failed = `
PLAY [Configure the front servers] *********************************************

TASK [nodejs : Install Node.js] ************************************************
ok: [front2]
[ERROR]: Task failed: Module failed: No package matching 'nodejs'
Origin: /work/ansible/roles/nodejs/tasks/install.yml:4:3

fatal: [front1]: FAILED! =>
    changed: false
    msg: No package matching 'nodejs' is available

TASK [health : Start] **********************************************************
changed: [front2]

PLAY RECAP *********************************************************************
front1 : ok=3 changed=0 unreachable=0 failed=1
`;

/** Reads a text in pieces of some length. */
function read(text: string, piece = text.length): { lines: string[]; summary: string } {
  const reader = new RunReader();
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += piece) lines.push(...reader.read(text.slice(at, at + piece)));
  return { lines: [...lines, ...reader.end()], summary: reader.summary() };
}

test("a failure is told with its machine, its task and its message", () => {
  expect(read(failed).summary).toBe(`front1: task "nodejs : Install Node.js" failed
    changed: false
    msg: No package matching 'nodejs' is available`);
});

test("a machine that cannot be reached is told too, with the words of SSH", () => {
  const { summary } = read(`TASK [first-boot : Wait] ****
fatal: [back1]: UNREACHABLE! => {"changed": false, "msg": "Host key verification failed.", "unreachable": true}
`);
  expect(summary).toContain('back1: task "first-boot : Wait" failed\n    {"changed": false');
  expect(summary).toContain("Host key verification failed.");
});

test("items, handlers and delegated tasks are told by the machine that they were for", () => {
  const { summary } = read(`TASK [js : Clone] ****
failed: [front1] (item=front) => {"msg": "no"}
RUNNING HANDLER [haproxy : Reload] ****
fatal: [balancer1 -> localhost]: FAILED! => {"msg": "never"}
`);
  expect(summary).toBe(`front1: task "js : Clone" failed
    {"msg": "no"}
balancer1: task "haproxy : Reload" failed
    {"msg": "never"}`);
});

test("a failure that the playbook ignores is none", () => {
  expect(read('TASK [a] ***\nfatal: [x]: FAILED! => {"msg": "no"}\n...ignoring\n').summary).toBe("");
});

test("a run without failures has no summary", () => {
  expect(read("PLAY [x] ***\nTASK [a] ***\nok: [front1]\n").summary).toBe("");
});

test("whatever the pieces in which output comes, its lines and its summary are the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (piece) => {
      expect(read(failed, piece)).toEqual(read(failed));
    }),
  );
});

test("no line is longer than the command provider takes, and nothing is lost", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.integer({ min: 1, max: 7 }), (line, longest) => {
      const pieces = fold(line, longest);
      expect(pieces.join("")).toBe(line);
      expect(pieces.every((piece) => piece.length <= longest)).toBe(true);
    }),
  );
  const { lines } = read(`${"x".repeat(3 * longestLine)}\nend\n`, 1000);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(longestLine);
  expect(lines.join("")).toBe(`${"x".repeat(3 * longestLine)}end`);
});
