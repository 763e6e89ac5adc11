/** Brush and eraser: every pixel whose centre is within the radius of the pointer's path. */
import type { LabelPlane } from "../plane.ts";

export interface Point {
  x: number;
  y: number;
}

/**
 * Whether the centre of pixel (px, py) lies within `radius` of the segment from a to b. Points are
 * in image pixels; pixel (0, 0) covers [0, 1) x [0, 1).
 */
export function inCapsule(px: number, py: number, a: Point, b: Point, radius: number): boolean {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const ex = px + 0.5 - a.x;
  const ey = py + 0.5 - a.y;
  const squared = dx * dx + dy * dy;
  const t = squared === 0 ? 0 : Math.min(1, Math.max(0, (ex * dx + ey * dy) / squared));
  const fx = ex - t * dx;
  const fy = ey - t * dy;
  return fx * fx + fy * fy <= radius * radius;
}

/**
 * Paints the capsule around the segment a–b. A capsule is convex, so each row is one span: it is
 * estimated by geometry and then settled by `inCapsule`, which alone decides.
 */
export function paintCapsule(plane: LabelPlane, a: Point, b: Point, radius: number, label: number): void {
  const yFrom = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius - 0.5));
  const yTo = Math.min(plane.height - 1, Math.ceil(Math.max(a.y, b.y) + radius));
  for (let y = yFrom; y <= yTo; y++) {
    const estimate = estimateSpan(y + 0.5, a, b, radius);
    if (!estimate) continue;
    let from = Math.floor(estimate[0] - 0.5) - 1;
    let to = Math.ceil(estimate[1] - 0.5) + 1;
    while (from <= to && !inCapsule(from, y, a, b, radius)) from++;
    while (to >= from && !inCapsule(to, y, a, b, radius)) to--;
    plane.fillSpan(y, from, to + 1, label);
  }
}

/** The x interval of the capsule on the line y = cy, widened by rounding at most; null if none. */
function estimateSpan(cy: number, a: Point, b: Point, radius: number): [number, number] | null {
  const grown = radius + 1e-6;
  let low = Infinity;
  let high = -Infinity;
  for (const end of [a, b]) {
    const dy = cy - end.y;
    if (Math.abs(dy) > grown) continue;
    const half = Math.sqrt(grown * grown - dy * dy);
    low = Math.min(low, end.x - half);
    high = Math.max(high, end.x + half);
  }
  // The straight part: where the line y = cy crosses the two long sides of the capsule.
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0 && a.y !== b.y) {
    const nx = (-(b.y - a.y) / length) * grown;
    const ny = ((b.x - a.x) / length) * grown;
    for (const side of [1, -1]) {
      const t = (cy - (a.y + side * ny)) / (b.y - a.y);
      if (t < 0 || t > 1) continue;
      const x = a.x + side * nx + t * (b.x - a.x);
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  return low <= high ? [low, high] : null;
}
