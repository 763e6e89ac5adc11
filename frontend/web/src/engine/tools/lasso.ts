/** Lasso: fills the polygon of a free path (non-zero winding, so loops in the path stay filled). */
import type { LabelPlane } from "../plane.ts";
import { valueOf, type Point, type Stroke, type StrokeContext } from "./stroke.ts";

export function lasso({ plane, settings }: StrokeContext): Stroke {
  const path: Point[] = [];
  const extend = (to: Point): void => void path.push(to);
  return {
    path,
    closed: true,
    start: extend,
    move: extend,
    end() {
      paintPolygon(plane, path, valueOf(settings));
      return null;
    },
  };
}

/** Paints every pixel whose centre is inside the closed polygon. */
export function paintPolygon(plane: LabelPlane, points: readonly Point[], label: number): void {
  if (points.length < 3) return;
  let low = Infinity;
  let high = -Infinity;
  for (const { y } of points) {
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  const yFrom = Math.max(0, Math.floor(low - 0.5));
  const yTo = Math.min(plane.height - 1, Math.ceil(high));
  const rows: Crossing[][] = [];
  for (let y = yFrom; y <= yTo; y++) rows.push([]);
  points.forEach((a, i) => {
    const b = points[(i + 1) % points.length];
    const from = Math.max(yFrom, Math.floor(Math.min(a.y, b.y) - 0.5));
    const to = Math.min(yTo, Math.ceil(Math.max(a.y, b.y)));
    for (let y = from; y <= to; y++) {
      const crossing = cross(a, b, y + 0.5);
      if (crossing) rows[y - yFrom].push(crossing);
    }
  });
  rows.forEach((crossings, i) => fillRow(plane, yFrom + i, crossings, label));
}

export interface Crossing {
  x: number;
  winding: 1 | -1;
}

/** Where the edge a–b crosses the line y = cy; the upper end belongs to the edge, the lower not. */
export function cross(a: Point, b: Point, cy: number): Crossing | null {
  if (a.y <= cy === b.y <= cy) return null;
  const x = a.x + ((cy - a.y) / (b.y - a.y)) * (b.x - a.x);
  return { x, winding: b.y > a.y ? 1 : -1 };
}

function fillRow(plane: LabelPlane, y: number, crossings: Crossing[], label: number): void {
  crossings.sort((p, q) => p.x - q.x);
  let winding = 0;
  for (let i = 0; i + 1 < crossings.length; i++) {
    winding += crossings[i].winding;
    if (winding === 0) continue;
    // A centre on a crossing lies right of it: [x, next) in centres x + 0.5.
    plane.fillSpan(y, Math.ceil(crossings[i].x - 0.5), Math.ceil(crossings[i + 1].x - 0.5), label);
  }
}
