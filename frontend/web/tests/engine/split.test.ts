import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ObjectIds } from "../../src/engine/ids.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { linePixels } from "../../src/engine/tools/line.ts";
import { splitAlong } from "../../src/engine/tools/split.ts";
import type { Point } from "../../src/engine/tools/stroke.ts";
import { same } from "../same.ts";

const SIZE = 18;
const point = fc.record({
  x: fc.double({ min: -4, max: SIZE + 4, noNaN: true }),
  y: fc.double({ min: -4, max: SIZE + 4, noNaN: true }),
});
const path = fc.array(point, { minLength: 1, maxLength: 5 });
/** Blocks of 3 x 3 pixels, so that there are objects worth cutting. */
const masks = fc.array(fc.constantFrom(0, 1, 1, 2), { minLength: 36, maxLength: 36 }).map((cells) =>
  Uint8Array.from({ length: SIZE * SIZE }, (_, i) => cells[6 * Math.floor(i / SIZE / 3) + Math.floor((i % SIZE) / 3)]));

function lineOf(points: Point[]): Set<number> {
  const line = new Set<number>();
  points.forEach((to, i) => linePixels(points[Math.max(0, i - 1)], to, (x, y) => {
    if (x >= 0 && y >= 0 && x < SIZE && y < SIZE) line.add(y * SIZE + x);
  }));
  return line;
}

/** 4-connected components of the pixels that `key` gives the same number other than 0. */
function components(key: (i: number) => number): Set<number>[] {
  const found: Set<number>[] = [];
  const seen = new Set<number>();
  for (let start = 0; start < SIZE * SIZE; start++) {
    if (seen.has(start) || key(start) === 0) continue;
    const part = new Set<number>();
    const queue = [start];
    while (queue.length > 0) {
      const at = queue.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      part.add(at);
      const x = at % SIZE;
      for (const next of [x > 0 ? at - 1 : -1, x < SIZE - 1 ? at + 1 : -1, at - SIZE, at + SIZE]) {
        if (next >= 0 && next < SIZE * SIZE && key(next) === key(start)) queue.push(next);
      }
    }
    found.push(part);
  }
  return found;
}

/** The objects that the line parts, each with its parts. */
function cuts(before: Uint8Array, line: Set<number>): { object: Set<number>; parts: Set<number>[] }[] {
  return components((i) => before[i])
    .map((object) => ({ object, parts: components((i) => (object.has(i) && !line.has(i) ? 1 : 0)) }))
    .filter(({ parts }) => parts.length > 1);
}

describe("split line", () => {
  test("between classes clears its pixels in the objects that it parts, and nothing else", () => {
    fc.assert(
      fc.property(masks, path, (before, points) => {
        const plane = new LabelPlane(SIZE, SIZE, before);
        plane.begin();
        const line = lineOf(points);
        const parted = cuts(before, line);
        const refusal = splitAlong(plane, points, null);
        expect(refusal).toBe(parted.length > 0 ? null : "nothing-parted");
        const expected = before.slice();
        for (const { object } of parted) for (const at of line) if (object.has(at)) expected[at] = 0;
        expect(same(plane.data, expected)).toBe(true);
        expect(plane.commit() === null).toBe(parted.length === 0);
      }),
      { numRuns: 400 },
    );
  });

  test("between objects gives all parts but a largest one numbers that nothing had", () => {
    fc.assert(
      fc.property(masks, path, (before, points) => {
        const plane = new LabelPlane(SIZE, SIZE, before);
        const proposal = new Uint8Array(SIZE * SIZE).fill(5, 0, 1);
        plane.begin();
        splitAlong(plane, points, new ObjectIds(plane, proposal));
        const parted = cuts(before, lineOf(points));
        const changed = new Set<number>();
        const given: number[] = [];
        for (const { object, parts } of parted) {
          const old = before[[...object][0]];
          const most = Math.max(...parts.map((part) => part.size));
          const kept = parts.filter((part) => plane.data[[...part][0]] === old);
          expect(kept.map((part) => part.size)).toEqual([most]);
          for (const part of parts) {
            if (part === kept[0]) continue;
            const ids = new Set([...part].map((at) => plane.data[at]));
            expect(ids.size).toBe(1);
            given.push(...ids);
            part.forEach((at) => changed.add(at));
          }
        }
        expect(new Set(given).size).toBe(given.length);
        for (const id of given) expect([0, 1, 2, 5]).not.toContain(id);
        expect([...plane.data.keys()].every((i) => changed.has(i) || plane.data[i] === before[i])).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test("from side to side always parts a full square, at any slope", () => {
    // A line along the very edge would leave but one side.
    const across = fc.double({ min: 1, max: SIZE - 1.01, noNaN: true });
    fc.assert(
      fc.property(across, across, fc.boolean(), (from, to, upright) => {
        const plane = new LabelPlane(SIZE, SIZE, new Uint8Array(SIZE * SIZE).fill(1));
        plane.begin();
        const ends = [{ x: -1, y: from }, { x: SIZE, y: to }].map(({ x, y }) => (upright ? { x: y, y: x } : { x, y }));
        expect(splitAlong(plane, ends, null)).toBeNull();
        expect(components((i) => plane.data[i]).length).toBeGreaterThan(1);
      }),
      { numRuns: 200 },
    );
  });

  test("leaves what is unsure as it is", () => {
    const plane = new LabelPlane(SIZE, SIZE, new Uint8Array(SIZE * SIZE).fill(255));
    plane.begin();
    expect(splitAlong(plane, [{ x: -1, y: 9 }, { x: SIZE, y: 9 }], null)).toBe("nothing-parted");
  });
});

test("a line is 8-connected, thin, and ends where it should", () => {
  fc.assert(
    fc.property(point, point, (a, b) => {
      const pixels: [number, number][] = [];
      linePixels(a, b, (x, y) => pixels.push([x, y]));
      // Not toEqual: the pixel -0 is the pixel 0.
      expect(same(pixels[0], [Math.floor(a.x), Math.floor(a.y)])).toBe(true);
      expect(same(pixels.at(-1)!, [Math.floor(b.x), Math.floor(b.y)])).toBe(true);
      const [dx, dy] = [0, 1].map((axis) => Math.abs(pixels.at(-1)![axis] - pixels[0][axis]));
      expect(pixels.length).toBe(Math.max(dx, dy) + 1);
      pixels.slice(1).forEach(([x, y], i) => {
        expect(Math.max(Math.abs(x - pixels[i][0]), Math.abs(y - pixels[i][1]))).toBe(1);
      });
    }),
  );
});
