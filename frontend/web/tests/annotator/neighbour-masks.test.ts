import { describe, expect, test } from "vitest";
import { NeighbourMasks, sayingOf } from "../../src/annotator/neighbour-masks.ts";
import type { TaskPayload } from "../../src/annotator/types.ts";
import { Heavy, type LabelArray } from "../../src/engine/index.ts";

const task = {
  z: 10, width: 9, height: 1, neighbours: [7, 8, 9, 10, 11, 12, 13],
  cube: { voxel_size: [4, 1, 1] as [number, number, number] },
} as TaskPayload;

/** One row of nine pixels, of which the first `count` are marked. */
function row(count: number): LabelArray {
  return new Uint8Array(9).fill(1, 0, count);
}

function over(masks: Record<number, LabelArray>): NeighbourMasks {
  return new NeighbourMasks(task, { labels: (z) => Promise.resolve(masks[z] ?? null) }, new Heavy());
}

describe("a copy", () => {
  test("is of the slice on show", async () => {
    expect((await over({ 9: row(1), 12: row(5) }).copy(12))?.from).toEqual([12]);
    expect(await over({ 9: row(1) }).copy(12)).toBeNull();
  });

  test("is of the nearest slice when one's own is on show, of two the one before", async () => {
    expect((await over({ 9: row(1), 11: row(5) }).copy(10))?.from).toEqual([9]);
    expect((await over({ 7: row(1), 12: row(5) }).copy(10))?.from).toEqual([12]);
  });
});

describe("interpolation", () => {
  test("is between the nearest slices on both sides, nearer the nearer one", async () => {
    const found = await over({ 7: row(9), 9: row(3), 12: row(6), 13: row(9) }).interpolate();
    expect(found?.from).toEqual([9, 12]);
    expect(found?.labels).toEqual(row(4));
    expect(sayingOf(found!)).toContain("10 and 13");
  });

  test("of one side alone is its mask", async () => {
    const found = await over({ 12: row(6) }).interpolate();
    expect(found).toEqual({ labels: row(6), from: [12] });
    expect(sayingOf(found!)).toContain("slice 13");
  });

  test("without any mask is none", async () => {
    expect(await over({}).interpolate()).toBeNull();
  });
});
