import { afterEach, beforeEach, expect, test } from "vitest";
import { noteOf } from "./note.ts";
import { putNote } from "./putNote.ts";
import { fixture, type Fixture, mergeRequest } from "./testing/fixture.ts";
import { commit, recordOf, step } from "./testing/records.ts";
import { bot, type FakeMergeRequest, somebody } from "./testing/server.ts";

let made: Fixture;
let request: FakeMergeRequest;
beforeEach(async () => {
  made = await fixture();
  request = mergeRequest(1);
  made.fake.mergeRequests.push(request);
});
afterEach(() => made.fake.close());

const text = (pipeline: number, job = 1, stack = "prod", name = `of-${pipeline}-${job}`) =>
  noteOf(stack, recordOf([step("create", name)]), {
    pipeline,
    job,
    commit,
    projectUrl: "https://gitlab.example.com/p",
  });
const bodies = () => request.notes.map(({ body }) => body);

test("the first preview of a stack makes a note, the next edits it", async () => {
  expect(await putNote(made.client, 1, text(1))).toBe("written");
  const [first] = request.notes;
  expect(await putNote(made.client, 1, text(2))).toBe("written");
  expect(request.notes).toEqual([first]);
  expect(bodies()).toEqual([text(2)]);
});

test("a record that is told again keeps the time since when it is told, and another one does not", async () => {
  await putNote(made.client, 1, text(1, 1, "prod", "back"));
  const since = request.notes[0]?.updated_at;
  for (const pipeline of [2, 3]) await putNote(made.client, 1, text(pipeline, 1, "prod", "back"));
  expect(request.notes[0]?.updated_at).not.toBe(since);
  expect(request.notes[0]?.body).toBe(text(3, 1, "prod", "back").replace(" -->", ` since=${since} -->`));
  expect(await putNote(made.client, 1, text(3, 1, "prod", "back"))).toBe("there");
  await putNote(made.client, 1, text(4, 1, "prod", "front"));
  expect(bodies()).toEqual([text(4, 1, "prod", "front")]);
});

test("each stack has a note of its own", async () => {
  await putNote(made.client, 1, text(1, 1, "prod"));
  await putNote(made.client, 1, text(1, 2, "dev"));
  expect(bodies()).toEqual([text(1, 1, "prod"), text(1, 2, "dev")]);
});

test("a note that is there already is not written again", async () => {
  await putNote(made.client, 1, text(1));
  const writes = made.fake.writes().length;
  expect(await putNote(made.client, 1, text(1))).toBe("there");
  expect(made.fake.writes()).toHaveLength(writes);
});

test("an older pipeline does not overwrite what a newer one said", async () => {
  await putNote(made.client, 1, text(2));
  expect(await putNote(made.client, 1, text(1, 99))).toBe("superseded");
  expect(bodies()).toEqual([text(2)]);
});

test("a note of somebody else with the same marker is neither edited nor believed", async () => {
  request.notes.push({ id: 1, body: text(999), author: { id: somebody }, system: false });
  expect(await putNote(made.client, 1, text(1))).toBe("written");
  expect(bodies()).toEqual([text(999), text(1)]);
});

test("a note that was made while its answer was lost is not made twice", async () => {
  made.fake.failures.push({ endpoint: "addNote", status: 502, done: true });
  await putNote(made.client, 1, text(1));
  expect(bodies()).toEqual([text(1)]);
});

test("a note that was not made is made", async () => {
  made.fake.failures.push({ endpoint: "addNote", status: 502 });
  await putNote(made.client, 1, text(1));
  expect(bodies()).toEqual([text(1)]);
});

test("of twenty pipelines that write at once, one note of the newest stays", async () => {
  const pipelines = Array.from({ length: 20 }, (_, at) => at + 1);
  await Promise.all(pipelines.map((pipeline) => putNote(made.client, 1, text(pipeline))));
  // Two that have both read before either wrote: the next write mends what is left.
  await putNote(made.client, 1, text(20));
  expect(bodies()).toEqual([text(20)]);
});

test("a newer note that comes between reading and writing wins when it is looked at again", async () => {
  await putNote(made.client, 1, text(1));
  let once = true;
  made.fake.before = (endpoint) => {
    if (endpoint !== "editNote" || !once) return;
    once = false;
    request.notes.push({ id: made.fake.nextId(), body: text(3), author: { id: bot }, system: false });
  };
  expect(await putNote(made.client, 1, text(2))).toBe("superseded");
  expect(bodies()).toContain(text(3));
  await putNote(made.client, 1, text(3));
  expect(bodies()).toEqual([text(3)]);
});
