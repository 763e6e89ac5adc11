/** The 4-connected region of one label around a pixel, by whole spans. */
import type { LabelArray } from "../labels.ts";
import type { LabelPlane } from "../plane.ts";

export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly data: LabelArray;
}

export interface Region {
  /** Triples (y, x0, x1): row y, pixels [x0, x1). */
  spans: number[];
  size: number;
  /** Whether the region reaches the edge of the plane, i.e. is not closed. */
  touchesEdge: boolean;
}

/** `seen`: pixels of regions already found, marked as they are; only for regions of the same grid. */
export function findRegion(grid: Grid, x: number, y: number, seen = new Uint8Array(grid.data.length)): Region {
  const region: Region = { spans: [], size: 0, touchesEdge: false };
  grow(grid, x, y, seen, Infinity, region);
  return region;
}

/** The region, or null as soon as it turns out to have more than `most` pixels. */
export function findSmallRegion(grid: Grid, x: number, y: number, most: number): Region | null {
  let seen = clean.get(grid.data);
  if (!seen) clean.set(grid.data, (seen = new Uint8Array(grid.data.length)));
  const region: Region = { spans: [], size: 0, touchesEdge: false };
  const whole = grow(grid, x, y, seen, most, region);
  const { spans } = region;
  for (let i = 0; i < spans.length; i += 3) {
    seen.fill(0, spans[i] * grid.width + spans[i + 1], spans[i] * grid.width + spans[i + 2]);
  }
  return whole ? region : null;
}

/** Marks to look with, all 0 between two searches: making them anew takes longer than the search. */
const clean = new WeakMap<LabelArray, Uint8Array>();

/** Fills `region`; false as soon as it has more than `most` pixels. */
function grow(grid: Grid, x: number, y: number, seen: Uint8Array, most: number, region: Region): boolean {
  const { width, height, data } = grid;
  if (!within(grid, x, y)) return true;
  const label = data[y * width + x];
  const stack = [x, y];
  while (stack.length > 0) {
    const cy = stack.pop()!;
    const cx = stack.pop()!;
    const row = cy * width;
    if (seen[row + cx]) continue;
    let x0 = cx;
    while (x0 > 0 && data[row + x0 - 1] === label) x0--;
    let x1 = cx + 1;
    while (x1 < width && data[row + x1] === label) x1++;
    seen.fill(1, row + x0, row + x1);
    region.spans.push(cy, x0, x1);
    region.size += x1 - x0;
    if (region.size > most) return false;
    if (x0 === 0 || x1 === width || cy === 0 || cy === height - 1) region.touchesEdge = true;
    for (const ny of [cy - 1, cy + 1]) {
      if (ny < 0 || ny >= height) continue;
      const next = ny * width;
      for (let nx = x0; nx < x1; nx++) {
        // One seed for each run of unseen pixels is enough.
        if (data[next + nx] !== label || seen[next + nx]) continue;
        stack.push(nx, ny);
        while (nx + 1 < x1 && data[next + nx + 1] === label) nx++;
      }
    }
  }
  return true;
}

export function within({ width, height }: Grid, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

export function paintRegion(plane: LabelPlane, region: Region, label: number): void {
  const { spans } = region;
  for (let i = 0; i < spans.length; i += 3) {
    plane.fillSpan(spans[i], spans[i + 1], spans[i + 2], label);
  }
}
