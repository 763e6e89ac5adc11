import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabelPlane } from "../../src/engine/plane.ts";
import { inCapsule, paintCapsule } from "../../src/engine/tools/brush.ts";
import { findRegion, paintRegion } from "../../src/engine/tools/flood.ts";
import { cross, paintPolygon } from "../../src/engine/tools/lasso.ts";
import type { Point } from "../../src/engine/tools/stroke.ts";
import { same } from "../same.ts";

const WIDTH = 70;
const HEIGHT = 66;
const point = fc.record({
  x: fc.double({ min: -12, max: WIDTH + 12, noNaN: true }),
  y: fc.double({ min: -12, max: HEIGHT + 12, noNaN: true }),
});
const gridPoint = fc.record({
  x: fc.integer({ min: -2, max: 2 * WIDTH }).map((v) => v / 2),
  y: fc.integer({ min: -2, max: 2 * HEIGHT }).map((v) => v / 2),
});
const anyPoint = fc.oneof(point, gridPoint);

function blank(): LabelPlane {
  const plane = new LabelPlane(WIDTH, HEIGHT, "uint8");
  plane.begin();
  return plane;
}

function bruteForce(inside: (x: number, y: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    inside(i % WIDTH, Math.floor(i / WIDTH)) ? 1 : 0,
  );
}

describe("brush", () => {
  test("paints exactly the pixels whose centres are within its radius of the path", () => {
    const radius = fc.oneof(fc.double({ min: 0.3, max: 20, noNaN: true }), fc.constantFrom(0.5, 1, 2.5, 10));
    fc.assert(
      fc.property(anyPoint, anyPoint, radius, (a, b, r) => {
        const plane = blank();
        paintCapsule(plane, a, b, r, 1);
        expect(same(plane.data, bruteForce((x, y) => inCapsule(x, y, a, b, r)))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("of diameter 1 marks the one pixel under the pointer's middle", () => {
    const plane = blank();
    const at = { x: 10.5, y: 20.5 };
    paintCapsule(plane, at, at, 0.5, 3);
    expect([...plane.data].filter((label) => label !== 0)).toEqual([3]);
    expect(plane.at(10, 20)).toBe(3);
  });
});

describe("lasso", () => {
  function windingAt(points: Point[], px: number, py: number): number {
    let winding = 0;
    points.forEach((a, i) => {
      const crossing = cross(a, points[(i + 1) % points.length], py + 0.5);
      if (crossing && crossing.x <= px + 0.5) winding += crossing.winding;
    });
    return winding;
  }

  test("fills exactly the pixels whose centres the path winds around", () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { minLength: 3, maxLength: 12 }), (points) => {
        const plane = blank();
        paintPolygon(plane, points, 1);
        expect(same(plane.data, bruteForce((x, y) => windingAt(points, x, y) !== 0))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("keeps a loop inside the path filled", () => {
    const plane = blank();
    const star = [0, 2, 4, 1, 3].map((k) => ({
      x: 35 + 25 * Math.cos((k * 2 * Math.PI) / 5),
      y: 33 + 25 * Math.sin((k * 2 * Math.PI) / 5),
    }));
    paintPolygon(plane, star, 1);
    expect(plane.at(35, 33)).toBe(1);
  });

  test("of fewer than three points marks nothing", () => {
    const plane = blank();
    paintPolygon(plane, [{ x: 1, y: 1 }, { x: 9, y: 9 }], 1);
    expect(plane.commit()).toBeNull();
  });
});

describe("fill", () => {
  function reachable(plane: LabelPlane, x: number, y: number): Set<number> {
    const seen = new Set<number>();
    const label = plane.at(x, y);
    const queue: [number, number][] = [[x, y]];
    while (queue.length > 0) {
      const [cx, cy] = queue.pop()!;
      const at = cy * plane.width + cx;
      if (cx < 0 || cy < 0 || cx >= plane.width || cy >= plane.height) continue;
      if (seen.has(at) || plane.at(cx, cy) !== label) continue;
      seen.add(at);
      queue.push([cx + 1, cy], [cx - 1, cy], [cx, cy + 1], [cx, cy - 1]);
    }
    return seen;
  }

  test("finds exactly the connected pixels of the same label", () => {
    const size = 17;
    const cells = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: size * size, maxLength: size * size });
    fc.assert(
      fc.property(cells, fc.nat(size - 1), fc.nat(size - 1), (labels, x, y) => {
        const plane = new LabelPlane(size, size, Uint8Array.from(labels));
        const region = findRegion(plane, x, y);
        const expected = reachable(plane, x, y);
        plane.begin();
        paintRegion(plane, region, 9);
        const found = new Set([...plane.data.keys()].filter((i) => plane.data[i] === 9));
        expect(found).toEqual(expected);
        expect(region.size).toBe(expected.size);
        const edge = [...expected].some((i) => {
          const cx = i % size;
          const cy = Math.floor(i / size);
          return cx === 0 || cy === 0 || cx === size - 1 || cy === size - 1;
        });
        expect(region.touchesEdge).toBe(edge);
      }),
      { numRuns: 300 },
    );
  });

  test("outside the plane finds nothing", () => {
    expect(findRegion(new LabelPlane(5, 5, "uint8"), -1, 2).size).toBe(0);
  });
});
