/**
 * Grey values of the image for tools that follow it: read back from the loaded tiles at the
 * resolution of the plane, in small blocks as they are needed, and kept for one stroke.
 */
import { greyTable } from "./render/compositor.ts";
import type { DrawTile } from "./render/scene.ts";
import type { Intensities } from "./tools/stroke.ts";
import type { Bounds } from "./view.ts";

export const BLOCK = 64;
/** A block is read with the pixels around it, which the mean of its own needs. */
const READ = BLOCK + 2;

export type TilesOf = (area: Bounds) => DrawTile[];

let shared: CanvasRenderingContext2D | null = null;

/** One small canvas, kept in main memory, since all that is done with it is reading it back. */
function canvas(): CanvasRenderingContext2D {
  if (!shared) {
    const element = document.createElement("canvas");
    element.width = element.height = READ;
    shared = element.getContext("2d", { willReadFrequently: true })!;
  }
  return shared;
}

export class GreyReader implements Intensities {
  private readonly blocks = new Map<number, Int16Array>();
  private readonly tilesOf: TilesOf;
  private readonly region: Bounds;
  private readonly table: Uint8ClampedArray;

  /** `region`: where the plane lies in the slice. `shown`: the contrast; values are as one sees them. */
  constructor(tilesOf: TilesOf, region: Bounds, shown: { low: number; high: number }) {
    this.tilesOf = tilesOf;
    this.region = region;
    this.table = greyTable(shown.low, shown.high);
  }

  at(x: number, y: number): number {
    const { x0, y0, x1, y1 } = this.region;
    if (x < 0 || y < 0 || x >= x1 - x0 || y >= y1 - y0) return -1;
    const col = Math.floor(x / BLOCK);
    const row = Math.floor(y / BLOCK);
    // Rows and columns of blocks in one number: planes are narrower than 2 ** 16 blocks.
    const key = row * 0x10000 + col;
    let block = this.blocks.get(key);
    if (!block) this.blocks.set(key, (block = this.read(x0 + col * BLOCK, y0 + row * BLOCK)));
    return block[(y - row * BLOCK) * BLOCK + x - col * BLOCK];
  }

  private read(x0: number, y0: number): Int16Array {
    const context = canvas();
    context.clearRect(0, 0, READ, READ);
    const area = { x0: x0 - 1, y0: y0 - 1, x1: x0 + BLOCK + 1, y1: y0 + BLOCK + 1 };
    for (const { bitmap, bounds } of this.tilesOf(area)) {
      const width = bounds.x1 - bounds.x0;
      const height = bounds.y1 - bounds.y0;
      context.drawImage(bitmap, bounds.x0 - area.x0, bounds.y0 - area.y0, width, height);
    }
    return means(context.getImageData(0, 0, READ, READ).data, this.table);
  }
}

/**
 * Means over 3 x 3 pixels, which calm the grain, of READ x READ pixels RGBA; -1 where no tile was
 * drawn. Neighbours without an image do not count.
 */
export function means(rgba: Uint8ClampedArray, table: Uint8ClampedArray): Int16Array {
  const sums = new Uint16Array(BLOCK * READ);
  const counts = new Uint8Array(BLOCK * READ);
  for (let y = 0; y < READ; y++) {
    for (let x = 0; x < BLOCK; x++) {
      let sum = 0;
      let count = 0;
      for (let k = 0; k < 3; k++) {
        const at = 4 * (y * READ + x + k);
        if (rgba[at + 3] < 128) continue;
        sum += table[rgba[at]];
        count++;
      }
      sums[y * BLOCK + x] = sum;
      counts[y * BLOCK + x] = count;
    }
  }
  const out = new Int16Array(BLOCK * BLOCK);
  for (let at = 0; at < out.length; at++) {
    const middle = at + BLOCK;
    const x = at % BLOCK;
    const y = (at - x) / BLOCK;
    const there = rgba[4 * ((y + 1) * READ + x + 1) + 3] >= 128;
    const count = counts[at] + counts[middle] + counts[middle + BLOCK];
    const sum = sums[at] + sums[middle] + sums[middle + BLOCK];
    out[at] = there ? Math.round(sum / count) : -1;
  }
  return out;
}
