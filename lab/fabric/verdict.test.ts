import { describe, expect, test } from "vitest";
import { type Judgement, judge } from "./verdict.ts";

const after = (start: Judgement, answers: boolean[], threshold = 2) =>
  answers.reduce((judgement, answer) => judge(judgement, answer, threshold), start).up;

describe("a probe", () => {
  test("decides by its first answer when nothing is known", () => {
    expect(after({ against: 0 }, [true])).toBe(true);
    expect(after({ against: 0 }, [false])).toBe(false);
  });
  test("changes its mind after as many answers in a row as its threshold", () => {
    expect(after({ up: true, against: 0 }, [false])).toBe(true);
    expect(after({ up: true, against: 0 }, [false, false])).toBe(false);
    expect(after({ up: false, against: 0 }, [true, true])).toBe(true);
  });
  test("starts counting anew after an answer that agrees", () => {
    expect(after({ up: true, against: 0 }, [false, true, false])).toBe(true);
  });
});
