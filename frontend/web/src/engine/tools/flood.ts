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
  return grow(grid, x, y, seen, Infinity)!;
}

/** The region, or null as soon as it turns out to have more than `most` pixels. */
export function findSmallRegion(grid: Grid, x: number, y: number, most: number): Region | null {
  return grow(grid, x, y, new Uint8Array(grid.data.length), most);
}

function grow(grid: Grid, x: number, y: number, seen: Uint8Array, most: number): Region | null {
  const { width, height, data } = grid;
  const region: Region = { spans: [], size: 0, touchesEdge: false };
  if (!within(grid, x, y)) return region;
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
    if (region.size > most) return null;
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
  return region;
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
