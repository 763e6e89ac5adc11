/**
 * Split line: cuts the objects that the drawn line parts. Where labels are classes, the line's
 * pixels become background; where they are ids of objects, every part but the largest becomes an
 * object of its own. Objects that the line touches without parting them stay as they are.
 */
import type { ObjectIds } from "../ids.ts";
import { unsureOf } from "../labels.ts";
import type { LabelPlane } from "../plane.ts";
import { findRegion, within, type Region } from "./flood.ts";
import { linePixels } from "./line.ts";
import type { Point, Refusal, Stroke, StrokeContext } from "./stroke.ts";

export function split({ plane, ids }: StrokeContext): Stroke {
  const path: Point[] = [];
  const extend = (to: Point): void => void path.push(to);
  return { path, start: extend, move: extend, end: () => splitAlong(plane, path, ids) };
}

export function splitAlong(plane: LabelPlane, path: readonly Point[], ids: ObjectIds | null): Refusal | null {
  const { width, data } = plane;
  const unsure = unsureOf(plane.dtype);
  const line = lineOn(plane, path);
  const seen = new Uint8Array(data.length);
  const objects: Region[] = [];
  for (const at of line) {
    const y = Math.floor(at / width);
    // What is marked as unsure is no object.
    if (data[at] !== 0 && data[at] !== unsure && !seen[at]) {
      objects.push(findRegion(plane, at - y * width, y, seen));
    }
  }
  let refusal: Refusal | null = "nothing-parted";
  for (const object of objects) {
    const cut = new Cut(object, line, width);
    if (cut.parts.length < 2) continue;
    refusal = ids ? renumber(plane, cut, ids) : erase(plane, cut);
    if (refusal) break;
  }
  return refusal;
}

/** The pixels of the path that lie on the plane, as indices. */
function lineOn(plane: LabelPlane, path: readonly Point[]): Set<number> {
  const line = new Set<number>();
  path.forEach((to, i) => {
    linePixels(path[Math.max(0, i - 1)], to, (x, y) => {
      if (within(plane, x, y)) line.add(y * plane.width + x);
    });
  });
  return line;
}

/** An object without the pixels of a line, within its bounding box. */
class Cut {
  readonly x0: number;
  readonly y0: number;
  /** Pixels of the object on the line, as (x, y) of the plane. */
  readonly line: [number, number][] = [];
  /** What the line leaves of the object, in coordinates of the box. */
  readonly parts: Region[] = [];

  constructor({ spans }: Region, line: ReadonlySet<number>, planeWidth: number) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, 0, 0];
    for (let i = 0; i < spans.length; i += 3) {
      y0 = Math.min(y0, spans[i]);
      y1 = Math.max(y1, spans[i] + 1);
      x0 = Math.min(x0, spans[i + 1]);
      x1 = Math.max(x1, spans[i + 2]);
    }
    this.x0 = x0;
    this.y0 = y0;
    const width = x1 - x0;
    const grid = { width, height: y1 - y0, data: new Uint8Array(width * (y1 - y0)) };
    for (let i = 0; i < spans.length; i += 3) {
      const row = (spans[i] - y0) * width - x0;
      grid.data.fill(1, row + spans[i + 1], row + spans[i + 2]);
    }
    for (const at of line) {
      const y = Math.floor(at / planeWidth);
      const x = at - y * planeWidth;
      if (!within(grid, x - x0, y - y0) || !grid.data[(y - y0) * width + x - x0]) continue;
      grid.data[(y - y0) * width + x - x0] = 0;
      this.line.push([x, y]);
    }
    // The object hung together, so each part lies beside the line.
    const seen = new Uint8Array(grid.data.length);
    for (const [x, y] of this.line) {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const [px, py] = [x + dx - x0, y + dy - y0];
        if (!within(grid, px, py) || !grid.data[py * width + px] || seen[py * width + px]) continue;
        this.parts.push(findRegion(grid, px, py, seen));
      }
    }
  }
}

function erase(plane: LabelPlane, cut: Cut): null {
  for (const [x, y] of cut.line) plane.fillSpan(y, x, x + 1, 0);
  return null;
}

function renumber(plane: LabelPlane, { parts, x0, y0, line }: Cut, ids: ObjectIds): Refusal | null {
  const old = plane.at(...line[0]);
  const largest = parts.reduce((a, b) => (b.size > a.size ? b : a));
  for (const part of parts) {
    if (part === largest) continue;
    const id = ids.fresh(old);
    if (id === null) return "no-ids";
    for (let i = 0; i < part.spans.length; i += 3) {
      plane.fillSpan(y0 + part.spans[i], x0 + part.spans[i + 1], x0 + part.spans[i + 2], id);
    }
  }
  return null;
}
