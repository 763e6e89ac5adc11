import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CAP, interpolate, type Plan } from "../../src/engine/interpolate.ts";
import { same } from "../same.ts";

/** Three blocks wide, so that some are uniform and some pixels out of reach. */
const WIDTH = 43;
const HEIGHT = 18;

/** Rectangles over one another, so that labels touch, vanish and reach the edge. */
const mask = fc.array(
  fc.record({ label: fc.constantFrom(0, 1, 2, 6, 255), x: fc.nat(WIDTH), y: fc.nat(HEIGHT), w: fc.nat(24), h: fc.nat(18) }),
  { maxLength: 6 },
).map((boxes) => {
  const labels = new Uint8Array(WIDTH * HEIGHT);
  for (const { label, x, y, w, h } of boxes) {
    for (let row = y; row < Math.min(HEIGHT, y + h); row++) {
      labels.fill(label, row * WIDTH + x, row * WIDTH + Math.min(WIDTH, x + w));
    }
  }
  return labels;
});

/** Signed distances straight from their definition. */
function distances(inside: boolean[], [sy, sx]: [number, number]): number[] {
  return inside.map((own, i) => {
    let nearest = Infinity;
    inside.forEach((other, k) => {
      if (other === own) return;
      const dx = ((i % WIDTH) - (k % WIDTH)) * sx;
      const dy = (Math.floor(i / WIDTH) - Math.floor(k / WIDTH)) * sy;
      nearest = Math.min(nearest, Math.hypot(dx, dy));
    });
    const distance = Math.fround(Math.min(CAP, nearest - 0.5));
    return own ? distance : -distance;
  });
}

function bruteForce(first: Uint8Array, second: Uint8Array, { share, sampling }: Plan): Uint8Array {
  const between = (inside: (label: number) => boolean): number[] => {
    const [a, b] = [first, second].map((labels) => distances([...labels].map(inside), sampling));
    return a.map((low, i) => Math.fround(low + share * (b[i] - low)));
  };
  const foreground = between((label) => label !== 0 && label !== 255);
  const labels = [...new Set([...first, ...second])].filter((l) => l !== 0 && l !== 255).sort((a, b) => a - b);
  const maps = labels.map((label) => between((other) => other === label));
  return Uint8Array.from(foreground, (distance, i) => {
    if (distance <= 0 || labels.length === 0) return 0;
    const best = Math.max(...maps.map((map) => map[i]));
    return labels[maps.findIndex((map) => map[i] === best)];
  });
}

describe("interpolation between slices", () => {
  test("equals signed distances from their definition", () => {
    const sampling = fc.constantFrom<[number, number]>([1, 1], [1, 1.5], [2.25, 1]);
    fc.assert(
      fc.property(mask, mask, fc.constantFrom(0.25, 1 / 3, 0.5, 0.75), sampling, (first, second, share, sampled) => {
        const plan: Plan = { width: WIDTH, height: HEIGHT, share, sampling: sampled };
        expect(same(interpolate(first, second, plan), bruteForce(first, second, plan))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test("between a mask and itself changes nothing but what is unsure", () => {
    fc.assert(
      fc.property(mask, (labels) => {
        const plan: Plan = { width: WIDTH, height: HEIGHT, share: 0.5, sampling: [1, 1] };
        expect(same(interpolate(labels, labels, plan), labels.map((l) => (l === 255 ? 0 : l)))).toBe(true);
      }),
    );
  });
});
