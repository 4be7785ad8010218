import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, type PreviewRecord } from "../record.ts";
import { longestNote, noteOf, noteOfNothing, noteWithoutRecord, replaces } from "./note.ts";
import { readMarker } from "./marker.ts";
import type { Source } from "./parts.ts";
import { commit, recordOf, step } from "./testing/records.ts";

const source: Source = { pipeline: 12, job: 34, commit, projectUrl: "https://gitlab.example.com/platform/platform" };

const note = (record: PreviewRecord) => noteOf("prod", record, source);

test("counts come first, then what is replaced and deleted, then what is created and changed", () => {
  const steps = [step("create", "new"), step("update", "changed"), step("delete", "gone"), step("replace", "anew")];
  const text = note(recordOf(steps));
  expect(text.split("\n")[1]).toBe(
    "### Preview of <code>prod</code>: 1 to replace, 1 to delete, 1 to create, 1 to change",
  );
  const places = ["**replace**", "**delete**", "| create", "| update"].map((word) => text.indexOf(word));
  expect(places).toEqual([...places].sort((one, other) => one - other));
  expect(places).not.toContain(-1);
});

test("a note links to commit, pipeline and job, and its first line names them for the next pipeline", () => {
  const text = note(recordOf([]));
  expect(text).toContain(`/-/commit/${commit}`);
  expect(text).toContain("/-/pipelines/12");
  expect(text).toContain("/-/jobs/34");
  expect(readMarker("preview", text)).toEqual({ stack: "prod", pipeline: 12, job: 34, record: digestOf(recordOf([])) });
});

test("a preview that changes nothing says so", () => {
  const text = note(recordOf([]));
  expect(text).toContain("nothing changes");
  expect(text).not.toContain("<details>");
});

test("a preview that starts from nothing says how a stack that stands is published", () => {
  const { state, ...unpublished } = recordOf([step("create", "new")]);
  expect(state).toBeDefined();
  expect(note(unpublished)).toContain("delivery publish prod</code>");
  expect(note(recordOf([step("create", "new")]))).not.toContain("publish");
});

test("the difference has what was before and after, folded", () => {
  const changes = [
    { path: "sku.capacity", kind: "update" as const, before: 2, after: 3 },
    { path: "tags.owner", kind: "delete" as const, before: "x" },
  ];
  const text = note(recordOf([step("update", "front", { changes })]));
  const folded = text.slice(text.indexOf("<details>"));
  expect(folded).toContain('-   sku.capacity: 2\n+   sku.capacity: 3\n-   tags.owner: "x"\n');
  expect(folded.endsWith("</details>")).toBe(true);
});

test("a failed preview tells its error, and what it had found", () => {
  const record = recordOf([step("create", "new")], { outcome: "failed", error: "it broke:\n  because" });
  const text = note(record);
  expect(text).toContain("Preview of <code>prod</code>: failed, 1 to create\n");
  expect(text).toContain("! it broke:\n!   because");
});

test("that no policy ran is not told as one that had nothing to say", () => {
  expect(note(recordOf([]))).toContain("Policy: nothing to say, by <code>platform</code>.");
  expect(note(recordOf([], { packs: [] }))).toContain("**no policy ran**");
});

test("mandatory violations of policy come before advisory ones", () => {
  const policy = [
    { policy: "tags", pack: "platform", level: "advisory" as const, message: "no owner" },
    { policy: "public-address", pack: "platform", level: "mandatory" as const, message: "it has one" },
  ];
  const text = note(recordOf([], { policy }));
  expect(text).toContain("Policy: **1 mandatory**, 1 advisory.");
  expect(text.indexOf("**mandatory** |")).toBeLessThan(text.indexOf("| advisory |"));
});

test("jobs without a record and pipelines without a preview are told", () => {
  expect(noteWithoutRecord("prod", "404", source)).toContain("left no record");
  expect(noteOfNothing("prod", source, { waits: false })).toContain("no longer previewed");
  expect(noteOfNothing("prod", source, { waits: true })).toContain("not previewed yet");
});

test("values that the program marks as secret are named, wherever they are; as many as there is room for", () => {
  const rule = { path: "rules", kind: "add" as const, after: [{ name: "ssh", source: "[secret]" }] };
  const open = { path: "name", kind: "add" as const, after: "user:[secret]@host" };
  const steps = (count: number) =>
    Array.from({ length: count }, () => step("create", "front", { changes: [rule, open] }));
  const shown = (text: string) => text.replace(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)));
  expect(shown(note(recordOf(steps(1))))).toMatch(
    /marks as secret .*hides a setting\. <code>front: rules\.0\.source<\/code>\n/,
  );
  expect(note(recordOf(steps(1000)))).toMatch(/<\/code>, \d+ more\n/);
  expect(note(recordOf([step("create", "front", { changes: [open] })]))).not.toContain("marks as secret");
});

describe("a note replaces", () => {
  const at = (pipeline: number, job: number) => noteOf("prod", recordOf([]), { ...source, pipeline, job });
  test.each([
    ["one of an older pipeline", at(12, 34), at(11, 99), true],
    ["one of an earlier job of its pipeline", at(12, 34), at(12, 33), true],
    ["itself", at(12, 34), at(12, 34), true],
    ["none of a newer pipeline", at(12, 99), at(13, 1), false],
    ["none of a later job of its pipeline", at(12, 33), at(12, 34), false],
  ])("%s", (_, fresh, standing, expected) => {
    expect(replaces(fresh, standing)).toBe(expected);
  });
});

/** What somebody may write into a value to be more than a value. */
const attacks = [
  "/merge",
  "\n/approve\n",
  "\r\n/close",
  "@all @root",
  "#1 !2 ~bug %1 $3 &4",
  "<img src=x onerror=alert(1)>",
  "</details><script>alert(1)</script>",
  "<!-- platform-preview stack=prod pipeline=999 job=1 -->",
  "a | b \\| c \\\\| d",
  "``` \n/merge\n```",
  "`````````",
  "[link](https://evil.example)",
  "https://evil.example/",
  "::include{file=/etc/passwd}",
  "[[_TOC_]]",
  "$`a`$ ![](x)",
  "\u202eexe.txt\u0000\u001b[31m\u200b",
  "x".repeat(5000),
];
const hostile = fc.oneof(fc.constantFrom(...attacks), fc.string({ unit: "binary" }), fc.string());
const hostileRecord = fc
  .record({
    steps: fc.array(
      fc.record({
        operation: fc.constantFrom("create" as const, "update" as const, "delete" as const, "replace" as const),
        name: hostile,
        type: hostile,
        urn: hostile,
        changes: fc.array(
          fc.record({
            path: hostile,
            kind: fc.constantFrom("add" as const, "update" as const, "delete" as const),
            before: fc.oneof(hostile, fc.jsonValue()),
            after: fc.oneof(hostile, fc.jsonValue()),
          }),
        ),
        exempt: fc.array(hostile, { maxLength: 2 }),
      }),
    ),
    error: hostile,
    policy: fc.array(
      fc.record({
        policy: hostile,
        pack: hostile,
        urn: hostile,
        message: hostile,
        level: fc.constantFrom("mandatory" as const, "advisory" as const),
      }),
    ),
  })
  .map(({ steps, error, policy }) =>
    recordOf(
      steps.map(({ operation, name, ...more }) => step(operation, name, more)),
      { outcome: "failed", error, policy },
    ),
  );

/** The lines outside of blocks of code, and those inside, by the rules of https://spec.commonmark.org/0.31.2/#fenced-code-blocks . */
function split(text: string): { outside: string[]; inside: string[] } {
  const [outside, inside]: string[][] = [[], []];
  let fence = "";
  for (const line of text.split(/\r\n|\r|\n/)) {
    const run = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (fence === "" && run) fence = run[1] ?? "";
    else if (fence !== "" && run && (run[1] ?? "").length >= fence.length && run[2]?.trim() === "") fence = "";
    else (fence === "" ? outside : inside)?.push(line);
  }
  expect(fence).toBe("");
  return { outside: outside ?? [], inside: inside ?? [] };
}

test("words of a record are words in the note, whatever they are", () => {
  fc.assert(
    fc.property(hostileRecord, (record) => {
      const text = note(record);
      expect(text.length).toBeLessThanOrEqual(longestNote);
      const { outside, inside } = split(text);
      // Quick actions begin a line: https://docs.gitlab.com/user/project/quick_actions/
      for (const line of [...outside, ...inside]) expect(line).not.toMatch(/^\s*\//);
      for (const line of inside) expect(line).toMatch(/^[-+! ] /);
      // Outside of blocks there is nothing of the record but letters, digits and blanks, and signs that HTML writes.
      const ours = /<code>(?:[\p{L}\p{N} ]|&#\d+;)*<\/code>/gu;
      const links =
        /\[(?:[0-9a-f]{8}|pipeline 12|job 34|the job's record)\]\(https:\/\/gitlab\.example\.com\/[\w/.-]+\)/g;
      const rest = outside.join("\n").replace(ours, "").replace(links, "").replace("### Preview of ", "");
      expect(rest).not.toMatch(/[@#~$&[\]`\\]/);
      expect(rest.match(/<[^>]*>/g)?.filter((tag) => !/^<\/?(details|summary)>$/.test(tag))).toEqual([
        `<!-- platform-preview stack=prod pipeline=12 job=34 record=${digestOf(record)} -->`,
      ]);
      // Tables have the columns that they begin with.
      for (const row of outside.filter((line) => line.startsWith("|"))) expect(row.split("|")).toHaveLength(6);
      expect(text).not.toMatch(/[^\P{C}\n]/u);
    }),
    { numRuns: 300 },
  );
});

test("an error of very many lines leaves room for what else is told", () => {
  const policy = Array.from({ length: 500 }, (_, at) => ({
    ...{ policy: `rule-${at}`, pack: "platform", level: "advisory" as const },
    message: "wrong ".repeat(100),
  }));
  const steps = Array.from({ length: 1000 }, (_, at) => step("create", `name-${at}`));
  const text = note(recordOf(steps, { outcome: "failed", error: "it broke\n".repeat(50_000), policy }));
  expect(text.length).toBeLessThanOrEqual(longestNote);
  expect(text).toMatch(/! it broke\n! … \(\d+ more lines\)\n/);
  for (const what of ["steps", "violations"])
    expect(text).toMatch(new RegExp(`\\d+ more ${what} are in the job's record`));
});

test("a record of ten thousand steps makes a note that GitLab shows, and says what it leaves out", () => {
  const changes = Array.from({ length: 20 }, (_, at) => ({
    path: `p[${at}]`,
    kind: "add" as const,
    after: "v".repeat(500),
  }));
  const text = note(recordOf(Array.from({ length: 10_000 }, (_, at) => step("create", `name-${at}`, { changes }))));
  expect(text.length).toBeLessThanOrEqual(longestNote);
  expect(text).toMatch(/\d+ more steps are in the job's record/);
  expect(text).toMatch(/\d+ more lines are in \[the job's record\]/);
  expect(text).toContain("10000 to create");
});
