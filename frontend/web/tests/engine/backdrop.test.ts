import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_IMAGE, putTile, type GreyTile } from "../../src/engine/render/backdrop.ts";

function tile(width: number, height: number, value: (x: number, y: number) => number): GreyTile {
  const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, data };
}

test("tiles that meet between pixels cover every pixel, and leave no seam", () => {
  fc.assert(
    fc.property(fc.double({ min: 3, max: 17, noNaN: true }), fc.boolean(), (cut, smooth) => {
      const out = new Uint16Array(20 * 4).fill(NO_IMAGE);
      const grey = tile(5, 3, () => 90);
      putTile(out, 20, grey, { x0: -0.3, y0: 0, x1: cut, y1: 4 }, smooth);
      putTile(out, 20, grey, { x0: cut, y0: 0, x1: 20.2, y1: 4 }, smooth);
      expect([...new Set(out)]).toEqual([90]);
    }),
  );
});

test("single pixels are kept apart unless smoothed, and smoothed between their centres", () => {
  const steps = tile(2, 1, (x) => 100 * x);
  const rows = [false, true].map((smooth) => {
    const out = new Uint16Array(8).fill(NO_IMAGE);
    putTile(out, 8, steps, { x0: 0, y0: 0, x1: 8, y1: 1 }, smooth);
    return [...out];
  });
  expect(rows[0]).toEqual([0, 0, 0, 0, 100, 100, 100, 100]);
  expect(rows[1]).toEqual([0, 0, 13, 38, 63, 88, 100, 100]);
});

test("what lies beside the canvas is left out", () => {
  const out = new Uint16Array(6 * 2).fill(NO_IMAGE);
  putTile(out, 6, tile(4, 4, (x, y) => 10 * y + x), { x0: -2, y0: -3, x1: 2, y1: 1 }, false);
  expect([...out]).toEqual([32, 33, NO_IMAGE, NO_IMAGE, NO_IMAGE, NO_IMAGE, ...Array<number>(6).fill(NO_IMAGE)]);
});
