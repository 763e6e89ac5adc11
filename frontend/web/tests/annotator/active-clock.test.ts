import { expect, test } from "vitest";
import { ActiveClock } from "../../src/annotator/active-clock.ts";

test("counts the time between actions, and no pauses", () => {
  const clock = new ActiveClock(10);
  clock.note(1000);
  clock.note(4000);
  clock.note(104_000);
  clock.note(105_500);
  expect(clock.seconds).toBeCloseTo(14.5);
});

test("a single action takes no time", () => {
  const clock = new ActiveClock();
  clock.note(5000);
  expect(clock.seconds).toBe(0);
});
