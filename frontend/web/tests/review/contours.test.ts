import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contours } from "../../src/review/contours.ts";

/** Area inside closed lines by the shoelace formula; lines run with the inside to the right. */
function area(lines: number[][]): number {
  let twice = 0;
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      const [x1, y1] = [line[i], line[i + 1]];
      const [x2, y2] = [line[(i + 2) % line.length], line[(i + 3) % line.length]];
      twice += x1 * y2 - x2 * y1;
    }
  }
  return twice / 2;
}

describe("contours", () => {
  it("outlines one pixel by its four corners", () => {
    const mask = new Uint32Array(9);
    mask[4] = 1;
    expect(contours(mask, 3, 3)).toEqual([[1, 1, 2, 1, 2, 2, 1, 2]]);
  });

  it("leaves out the points within straight runs", () => {
    const mask = new Uint32Array(20).fill(1);
    const [line] = contours(mask, 5, 4);
    expect(line).toHaveLength(8);
  });

  it("outlines a hole too", () => {
    const mask = new Uint32Array(25).fill(2);
    mask[12] = 0;
    expect(contours(mask, 5, 5)).toHaveLength(2);
  });

  it("encloses as many pixels as are labelled, whatever the mask", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 90 }),
        (width, labels) => {
          const height = Math.ceil(labels.length / width);
          const mask = new Uint32Array(width * height);
          mask.set(labels);
          const labelled = mask.filter((label) => label > 0).length;
          expect(area(contours(mask, width, height))).toBe(labelled);
        },
      ),
    );
  });
});
