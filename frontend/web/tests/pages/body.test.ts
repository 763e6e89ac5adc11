/** The body in space: what of it can be seen, and where it is drawn. */
import { describe, expect, it } from "vitest";
import { surfaceOf, type Body } from "../../src/pages/body/surface.ts";
import { paint, scaleFor, sightFrom, type Rgb } from "../../src/pages/body/turntable.ts";

const SIDE = 60;
const COLORS: Rgb[] = [[200, 0, 0], [0, 200, 0]];

function cube(side: number, value = 1): Body {
  return { voxels: new Uint8Array(side ** 3).fill(value), shape: [side, side, side], size: [1, 1, 1] };
}

function painted(body: Body, angle = 0.3): Uint8ClampedArray {
  const picture = new Uint8ClampedArray(4 * SIDE * SIDE);
  paint(surfaceOf(body), angle, COLORS, picture, SIDE);
  return picture;
}

function brightest(picture: Uint8ClampedArray, channel: number): number {
  let most = 0;
  for (let at = channel; at < picture.length; at += 4) most = Math.max(most, picture[at]);
  return most;
}

describe("the surface of a body", () => {
  it("leaves out what is surrounded", () => {
    expect(surfaceOf(cube(5)).count).toBe(5 ** 3 - 3 ** 3);
  });

  it("faces outwards", () => {
    const surface = surfaceOf(cube(7));
    for (let i = 0; i < surface.count; i++) {
      const along = [0, 1, 2].reduce((sum, axis) => sum + surface.place[3 * i + axis] * surface.facing[3 * i + axis], 0);
      expect(along).toBeGreaterThan(0);
    }
  });

  it("keeps classes apart from what people saw", () => {
    const surface = surfaceOf(cube(2, 128 + 2));
    expect([...surface.kind]).toEqual(Array(8).fill(2));
    expect([...surface.seen]).toEqual(Array(8).fill(1));
  });

  it("has the proportions of the cube, not of its voxels", () => {
    const surface = surfaceOf({ voxels: new Uint8Array(4).fill(1), shape: [1, 2, 2], size: [10, 5, 5] });
    expect(surface.half).toEqual([0.25, 0.25, 0.5]);
  });

  it("is nothing where nothing is", () => {
    expect(surfaceOf(cube(4, 0)).count).toBe(0);
  });
});

describe("the turntable", () => {
  it("sees along three directions at right angles", () => {
    const { right, down, near } = sightFrom(1.1);
    for (const [a, b] of [[right, down], [down, near], [near, right]]) {
      expect(a[0] * b[0] + a[1] * b[1] + a[2] * b[2]).toBeCloseTo(0);
    }
  });

  it("keeps the whole body in the picture, however it is turned", () => {
    for (const body of [cube(8), { ...cube(8), size: [9, 1, 1] } as Body, { ...cube(8), size: [1, 9, 3] } as Body]) {
      for (let angle = 0; angle < 6.3; angle += 0.4) {
        const picture = painted(body, angle);
        let edge = 0;
        for (let i = 0; i < SIDE; i++) {
          for (const at of [i, i * SIDE, (SIDE - 1) * SIDE + i, i * SIDE + SIDE - 1]) edge += picture[4 * at + 3];
        }
        expect(edge).toBe(0);
        expect(scaleFor(surfaceOf(body), SIDE)).toBeGreaterThan(0);
      }
    }
  });

  it("shows the nearer of two, and what nobody saw greyer", () => {
    const voxels = new Uint8Array(27).fill(2);
    // Turned by 0 the eye looks along y; the nearest plane is that of the greatest y.
    for (let z = 0; z < 3; z++) for (let x = 0; x < 3; x++) voxels[(z * 3 + 2) * 3 + x] = 1;
    const picture = painted({ voxels, shape: [3, 3, 3], size: [1, 1, 1] }, 0);
    const middle = 4 * ((SIDE / 2 + 8) * SIDE + SIDE / 2);
    expect(picture[middle]).toBeGreaterThan(picture[middle + 1]);
    const [seen, unseen] = [painted(cube(4, 129)), painted(cube(4, 1))];
    expect(brightest(seen, 1)).toBe(0);
    expect(brightest(unseen, 1)).toBeGreaterThan(60);
  });
});
