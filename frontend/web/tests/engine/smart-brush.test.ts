import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOCK, means } from "../../src/engine/grey-reader.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { greyTable } from "../../src/engine/render/compositor.ts";
import { inCapsule } from "../../src/engine/tools/brush.ts";
import { linePixels } from "../../src/engine/tools/line.ts";
import { likenessAt, paintAlike, smart, type Likeness } from "../../src/engine/tools/smart-brush.ts";
import type { Intensities, Point, ToolSettings } from "../../src/engine/tools/stroke.ts";
import { same } from "../same.ts";

const WIDTH = 40;
const HEIGHT = 33;
const point = fc.record({
  x: fc.double({ min: -8, max: WIDTH + 8, noNaN: true }),
  y: fc.double({ min: -8, max: HEIGHT + 8, noNaN: true }),
});
const picture = fc.array(fc.constantFrom(-1, 20, 100, 105, 112, 200), { minLength: WIDTH * HEIGHT, maxLength: WIDTH * HEIGHT });

function image(values: ArrayLike<number>): Intensities {
  return { at: (x, y) => (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT ? -1 : values[y * WIDTH + x]) };
}

/** The definition: spread from the path's pixels through alike pixels under the brush, to a standstill. */
function bruteForce(values: number[], { middle, tolerance }: Likeness, a: Point, b: Point, radius: number): Uint8Array {
  const alike = values.map((value, i) =>
    value >= 0 && Math.abs(value - middle) <= tolerance
    && inCapsule(i % WIDTH, Math.floor(i / WIDTH), a, b, radius));
  const reached = new Uint8Array(values.length);
  linePixels(a, b, (x, y) => {
    if (x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT && alike[y * WIDTH + x]) reached[y * WIDTH + x] = 1;
  });
  for (let grew = true; grew; ) {
    grew = false;
    alike.forEach((is, i) => {
      if (!is || reached[i]) return;
      const x = i % WIDTH;
      if ((x > 0 && reached[i - 1]) || (x < WIDTH - 1 && reached[i + 1]) || reached[i - WIDTH] || reached[i + WIDTH]) {
        reached[i] = 1;
        grew = true;
      }
    });
  }
  return reached;
}

function settings(size: number, remove = false): ToolSettings {
  return { tool: "smart", size, label: 1, remove };
}

describe("smart brush", () => {
  test("paints exactly the alike pixels under it that hang together with the path", () => {
    fc.assert(
      fc.property(picture, point, point, fc.double({ min: 0.3, max: 14, noNaN: true }), (values, a, b, radius) => {
        const plane = new LabelPlane(WIDTH, HEIGHT, "uint8");
        plane.begin();
        const likeness = { middle: 105, tolerance: 7 };
        paintAlike(plane, image(values), likeness, a, b, radius, 1);
        expect(same(plane.data, bruteForce(values, likeness, a, b, radius))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("stops at the edge of a bright disc, and takes away as it adds", () => {
    const disc = Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
      Math.hypot((i % WIDTH) - 20, Math.floor(i / WIDTH) - 16) < 8 ? 180 : 60);
    const plane = new LabelPlane(WIDTH, HEIGHT, "uint8");
    const surroundings = { plane, proposal: null, ids: null, intensities: () => image(disc), flood: null };
    plane.begin();
    const stroke = smart({ ...surroundings, settings: settings(30) });
    stroke.start({ x: 20.5, y: 16.5 });
    expect(stroke.end()).toBeNull();
    expect(same(plane.data, disc.map((value) => (value === 180 ? 1 : 0)))).toBe(true);
    const back = smart({ ...surroundings, settings: settings(30, true) });
    back.start({ x: 20.5, y: 16.5 });
    back.end();
    expect(plane.data.some((label) => label !== 0)).toBe(false);
  });

  test("says so where the image is not loaded, and paints nothing", () => {
    const plane = new LabelPlane(WIDTH, HEIGHT, "uint8");
    plane.begin();
    for (const intensities of [() => null, () => ({ at: () => -1 })]) {
      const stroke = smart({ plane, proposal: null, ids: null, intensities, flood: null, settings: settings(10) });
      stroke.start({ x: 5, y: 5 });
      stroke.move({ x: 9, y: 9 });
      expect(stroke.end()).toBe("no-image");
    }
    expect(plane.commit()).toBeNull();
  });

  test("takes likeness from the median, so that one odd pixel does not lead it astray", () => {
    const values = new Array<number>(WIDTH * HEIGHT).fill(100);
    values[10 * WIDTH + 10] = 255;
    expect(likenessAt(image(values), { x: 10.5, y: 10.5 }, 20)).toEqual({ middle: 100, tolerance: 12 });
  });
});

test("grey values are means over the image's pixels around, as the contrast shows them", () => {
  const side = BLOCK + 2;
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(255)), fc.infiniteStream(fc.nat(3)), fc.nat(100), (greys, holes, low) => {
      const rgba = new Uint8ClampedArray(4 * side * side);
      for (let i = 0; i < side * side; i++) {
        rgba[4 * i] = greys.next().value!;
        rgba[4 * i + 3] = holes.next().value === 0 ? 0 : 255;
      }
      const table = greyTable(low, 220);
      const found = means(rgba, table);
      const expected = found.map((_, i) => {
        const x = (i % BLOCK) + 1;
        const y = Math.floor(i / BLOCK) + 1;
        if (rgba[4 * (y * side + x) + 3] === 0) return -1;
        const around: number[] = [];
        for (const dy of [-1, 0, 1]) {
          for (const dx of [-1, 0, 1]) {
            const at = 4 * ((y + dy) * side + x + dx);
            if (rgba[at + 3] > 0) around.push(table[rgba[at]]);
          }
        }
        return Math.round(around.reduce((a, b) => a + b, 0) / around.length);
      });
      expect(same(found, expected)).toBe(true);
    }),
    { numRuns: 5 },
  );
});
