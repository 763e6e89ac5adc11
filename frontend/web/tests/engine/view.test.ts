import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SCALE, scaleBar, View } from "../../src/engine/view.ts";

function view(aspect = 1): View {
  const made = new View({ width: 1000, height: 800 }, aspect);
  made.resize({ width: 640, height: 480 });
  return made;
}

describe("view", () => {
  const screen = fc.record({ x: fc.double({ min: 0, max: 640, noNaN: true }), y: fc.double({ min: 0, max: 480, noNaN: true }) });

  test("goes from screen to image and back", () => {
    fc.assert(
      fc.property(screen, fc.double({ min: 0.2, max: 40, noNaN: true }), fc.constantFrom(1, 0.5, 3), (at, scale, aspect) => {
        const v = view(aspect);
        v.scale = scale;
        const p = v.toImage(at.x, at.y);
        const back = v.toScreen(p.x, p.y);
        expect(back.x).toBeCloseTo(at.x, 6);
        expect(back.y).toBeCloseTo(at.y, 6);
      }),
    );
  });

  test("zooms with the point under the cursor at rest", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 3, noNaN: true }), (factor) => {
        const v = view();
        v.fit({ x0: 0, y0: 0, x1: 1000, y1: 800 });
        const at = v.toScreen(500, 400);
        v.zoomAt(at.x, at.y, factor);
        const after = v.toImage(at.x, at.y);
        expect(after.x).toBeCloseTo(500, 6);
        expect(after.y).toBeCloseTo(400, 6);
      }),
    );
  });

  test("fits a rectangle whole, whatever the shape of the voxels", () => {
    for (const aspect of [1, 0.4, 4]) {
      const v = view(aspect);
      v.fit({ x0: 100, y0: 50, x1: 900, y1: 750 }, 10);
      const a = v.toScreen(100, 50);
      const b = v.toScreen(900, 750);
      expect(Math.min(a.x, a.y)).toBeGreaterThanOrEqual(10 - 1e-9);
      expect(b.x).toBeLessThanOrEqual(630 + 1e-9);
      expect(b.y).toBeLessThanOrEqual(470 + 1e-9);
      expect((b.y - a.y) / (b.x - a.x)).toBeCloseTo((700 * aspect) / 800, 9);
    }
  });

  test("never loses the image, however far it is dragged or zoomed", () => {
    const moves = fc.array(fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9999, max: 9999 }), fc.double({ min: 0.01, max: 100, noNaN: true })));
    fc.assert(
      fc.property(moves, (steps) => {
        const v = view();
        for (const [dx, dy, factor] of steps) {
          v.panBy(dx, dy);
          v.zoomAt(dx & 511, dy & 255, factor);
        }
        const middle = v.toImage(320, 240);
        expect(middle.x).toBeGreaterThanOrEqual(-1e-6);
        expect(middle.x).toBeLessThanOrEqual(1000 + 1e-6);
        expect(v.scale).toBeLessThanOrEqual(MAX_SCALE);
        expect(v.scale).toBeGreaterThan(0.1);
      }),
    );
  });
});

describe("scale bar", () => {
  test("has a round length that fits", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e4, noNaN: true }), fc.double({ min: 0.05, max: 60, noNaN: true }), (voxel, zoom) => {
        const bar = scaleBar(voxel, "nanometer", zoom, 120);
        expect(bar.pixels).toBeLessThanOrEqual(120 + 1e-6);
        expect(bar.pixels).toBeGreaterThan(120 / 2.6);
        expect(bar.label).toMatch(/^(1|2|5|10|20|50|100|200|500|[\d.e+-]+) (nm|µm|mm|cm)$/);
      }),
    );
  });

  test("counts pixels where the voxel size is unknown", () => {
    expect(scaleBar(1, null, 2, 120).label).toBe("50 px");
  });

  test("changes unit by a thousand", () => {
    expect(scaleBar(8, "nanometer", 1, 130).label).toBe("1 µm");
    expect(scaleBar(0.5, "millimeter", 4, 130).label).toBe("1 cm");
  });
});
