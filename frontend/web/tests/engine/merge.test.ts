import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Editor } from "../../src/engine/editor.ts";
import { ObjectIds } from "../../src/engine/ids.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { linePixels } from "../../src/engine/tools/line.ts";
import { mergeAlong } from "../../src/engine/tools/merge.ts";
import type { Point } from "../../src/engine/tools/stroke.ts";
import { same } from "../same.ts";

const SIZE = 16;
const UNSURE = 65535;
const point = fc.record({
  x: fc.double({ min: -3, max: SIZE + 3, noNaN: true }),
  y: fc.double({ min: -3, max: SIZE + 3, noNaN: true }),
});
const masks = fc.array(fc.constantFrom(0, 1, 2, 700, UNSURE), { minLength: 16, maxLength: 16 }).map((cells) =>
  Uint16Array.from({ length: SIZE * SIZE }, (_, i) => cells[4 * Math.floor(i / SIZE / 4) + Math.floor((i % SIZE) / 4)]));

function met(mask: Uint16Array, path: Point[]): number[] {
  const found: number[] = [];
  path.forEach((to, i) => linePixels(path[Math.max(0, i - 1)], to, (x, y) => {
    const label = x >= 0 && y >= 0 && x < SIZE && y < SIZE ? mask[y * SIZE + x] : 0;
    if (label !== 0 && label !== UNSURE && !found.includes(label)) found.push(label);
  }));
  return found;
}

describe("merging objects", () => {
  test("gives all that the line meets the number of the first, and leaves the rest alone", () => {
    fc.assert(
      fc.property(masks, fc.array(point, { minLength: 1, maxLength: 5 }), (mask, path) => {
        const plane = new LabelPlane(SIZE, SIZE, mask);
        plane.begin();
        const refusal = mergeAlong(plane, path);
        plane.commit();
        const objects = met(mask, path);
        expect(refusal).toBe(objects.length > 1 ? null : "nothing-merged");
        const expected = mask.map((label) => (objects.length > 1 && objects.includes(label) ? objects[0] : label));
        expect(same(plane.data, expected)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("joins objects that touch, and can be split again where they met", () => {
    const mask = new Uint16Array(SIZE * SIZE);
    for (let y = 4; y < 12; y++) mask.fill(3, y * SIZE + 2, y * SIZE + 8).fill(9, y * SIZE + 8, y * SIZE + 14);
    const plane = new LabelPlane(SIZE, SIZE, mask);
    const ids = new ObjectIds(plane, mask);
    const editor = new Editor(plane, () => undefined, { proposal: mask, ids, intensities: () => null, flood: null });
    const draw = (tool: "merge" | "split", ...[from, to]: Point[]): void => {
      editor.start({ tool, size: 1, label: 1, remove: false }, from);
      editor.move(to);
      expect(editor.end()).toBeNull();
    };
    draw("merge", { x: 4, y: 8 }, { x: 12, y: 8 });
    expect(new Set(plane.data)).toEqual(new Set([0, 3]));
    draw("split", { x: 8, y: 2 }, { x: 8, y: 14 });
    const parts = new Set(plane.data);
    expect(parts.size).toBe(3);
    // The number that was absorbed still means that very object to the server.
    expect(parts.has(9)).toBe(false);
    editor.undo();
    editor.undo();
    expect(same(plane.data, mask)).toBe(true);
  });

  test("is refused where labels are classes", () => {
    const editor = new Editor(new LabelPlane(SIZE, SIZE, new Uint8Array(SIZE * SIZE).fill(1, 0, 40).fill(2, 80)), () => undefined);
    editor.start({ tool: "merge", size: 1, label: 1, remove: false }, { x: 1, y: 1 });
    editor.move({ x: 1, y: 12 });
    expect(editor.end()).toBe("nothing-merged");
    expect(editor.history.canUndo).toBe(false);
  });
});
