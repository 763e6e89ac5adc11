/**
 * Merge: a line drawn from one object over others makes them one. In studies of object ids the whole
 * of each object that the line meets, wherever it lies on the slice, takes the number of the first.
 */
import { unsureOf } from "../labels.ts";
import type { LabelPlane } from "../plane.ts";
import { within } from "./flood.ts";
import { linePixels } from "./line.ts";
import type { Point, Refusal, Stroke, StrokeContext } from "./stroke.ts";

export function merge({ plane, ids }: StrokeContext): Stroke {
  const path: Point[] = [];
  const extend = (to: Point): void => void path.push(to);
  return { path, start: extend, move: extend, end: () => (ids ? mergeAlong(plane, path) : "nothing-merged") };
}

export function mergeAlong(plane: LabelPlane, path: readonly Point[]): Refusal | null {
  const [first, ...others] = objectsOn(plane, path);
  if (others.length === 0) return "nothing-merged";
  const { width, height, data } = plane;
  const absorbed = new Set(others);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; ) {
      const from = x;
      const label = data[row + x++];
      while (x < width && data[row + x] === label) x++;
      if (absorbed.has(label)) plane.fillSpan(y, from, x, first);
    }
  }
  return null;
}

/** The numbers under the path, in the order in which it meets them. */
function objectsOn(plane: LabelPlane, path: readonly Point[]): Set<number> {
  const unsure = unsureOf(plane.dtype);
  const met = new Set<number>();
  path.forEach((to, i) => {
    linePixels(path[Math.max(0, i - 1)], to, (x, y) => {
      const label = within(plane, x, y) ? plane.at(x, y) : 0;
      // What is marked as unsure is no object.
      if (label !== 0 && label !== unsure) met.add(label);
    });
  });
  return met;
}
