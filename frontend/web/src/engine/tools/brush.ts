/** Brush: every pixel whose centre is within the radius of the pointer's path. */
import type { LabelPlane } from "../plane.ts";
import type { Point, Stroke, StrokeContext } from "./stroke.ts";

export function brush({ plane, settings }: StrokeContext): Stroke {
  return stampAlong(plane, settings.size, settings.label);
}

/** The stroke of a round tip that writes one label. */
export function stampAlong(plane: LabelPlane, size: number, label: number): Stroke {
  let last: Point;
  const stamp = (to: Point): void => {
    paintCapsule(plane, last, to, size / 2, label);
    last = to;
  };
  return {
    start(at) {
      last = at;
      stamp(at);
    },
    move: stamp,
    end: () => null,
  };
}

/** Whether the centre of pixel (px, py) lies within `radius` of the segment from a to b. */
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

/** Paints the capsule around the segment a–b. */
export function paintCapsule(plane: LabelPlane, a: Point, b: Point, radius: number, label: number): void {
  capsuleRows(plane.height, a, b, radius, (y, x0, x1) => plane.fillSpan(y, x0, x1, label));
}

/**
 * Visits the rows of the capsule around the segment a–b as spans [x0, x1), of the rows 0..height - 1.
 * A capsule is convex, so each row is one span: it is estimated by geometry and then settled by
 * `inCapsule`, which alone decides.
 */
export function capsuleRows(
  height: number,
  a: Point,
  b: Point,
  radius: number,
  visit: (y: number, x0: number, x1: number) => void,
): void {
  const yFrom = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius - 0.5));
  const yTo = Math.min(height - 1, Math.ceil(Math.max(a.y, b.y) + radius));
  for (let y = yFrom; y <= yTo; y++) {
    const estimate = estimateSpan(y + 0.5, a, b, radius);
    if (!estimate) continue;
    let from = Math.floor(estimate[0] - 0.5) - 1;
    let to = Math.ceil(estimate[1] - 0.5) + 1;
    while (from <= to && !inCapsule(from, y, a, b, radius)) from++;
    while (to >= from && !inCapsule(to, y, a, b, radius)) to--;
    if (from <= to) visit(y, from, to + 1);
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
