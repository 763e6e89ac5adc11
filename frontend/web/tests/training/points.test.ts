import { describe, expect, it } from "vitest";
import { columns, valueAt } from "../../src/training/points.ts";

describe("the points of a run", () => {
  const points = [
    { step: 10, cross_entropy: 0.7, validation_dice: null },
    { step: 20, cross_entropy: 0.5, validation_dice: 0.8 },
    { step: 30, cross_entropy: "NaN" },
    { seconds: 4 },
  ];

  it("become columns, with a gap where a step says nothing", () => {
    expect(columns(points, ["cross_entropy", "validation_dice"])).toEqual([
      [10, 20, 30],
      [0.7, 0.5, null],
      [null, 0.8, null],
    ]);
  });

  it("are read at a place, or at the last one before it that has a figure", () => {
    expect(valueAt([null, 0.8, null], 2)).toBe(0.8);
    expect(valueAt([null, 0.8, null], 9)).toBe(0.8);
    expect(valueAt([null, 0.8, null], 0)).toBeNull();
    expect(valueAt([], 0)).toBeNull();
  });
});
