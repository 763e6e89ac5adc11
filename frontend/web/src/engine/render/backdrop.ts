/** The image under the marks as grey values, tile by tile: what the graphics card does with textures. */
import type { Bounds } from "../view.ts";

/** Grey value per device pixel, or 256 where there is no image. */
export type Backdrop = Uint16Array;
export const NO_IMAGE = 256;

/** The grey values of a tile, row by row. */
export interface GreyTile {
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * Puts the tile on `box` (device pixels, fractions allowed) of a backdrop `width` wide: on the pixels
 * whose centres lie in it, each with the tile's value under its centre, or if `smooth` with the mean
 * of the four values around it, weighted by nearness.
 */
export function putTile(out: Backdrop, width: number, tile: GreyTile, box: Bounds, smooth: boolean): void {
  const height = out.length / width;
  const cols = samples(box.x0, box.x1, width, tile.width, smooth);
  const rows = samples(box.y0, box.y1, height, tile.height, smooth);
  const { data } = tile;
  const { low, high, share } = cols;
  for (let r = 0; r < rows.low.length; r++) {
    const above = rows.low[r] * tile.width;
    const below = rows.high[r] * tile.width;
    const down = rows.share[r];
    const line = (rows.first + r) * width + cols.first;
    if (!smooth) {
      for (let c = 0; c < low.length; c++) out[line + c] = data[above + low[c]];
      continue;
    }
    for (let c = 0; c < low.length; c++) {
      const left = low[c];
      const right = high[c];
      const across = share[c];
      const top = data[above + left] + (data[above + right] - data[above + left]) * across;
      const bottom = data[below + left] + (data[below + right] - data[below + left]) * across;
      // Half up, as Math.round, of what is never negative.
      out[line + c] = (top + (bottom - top) * down + 0.5) | 0;
    }
  }
}

/** For each device pixel from `first` on: the two tile pixels that it is between, and the second's share. */
interface Samples {
  first: number;
  low: Int32Array;
  high: Int32Array;
  share: Float64Array;
}

function samples(from: number, to: number, limit: number, count: number, smooth: boolean): Samples {
  const first = Math.max(0, Math.ceil(from - 0.5));
  const last = Math.min(limit, Math.ceil(to - 0.5));
  const size = Math.max(0, last - first);
  const out = { first, low: new Int32Array(size), high: new Int32Array(size), share: new Float64Array(size) };
  const clamp = (p: number): number => Math.min(count - 1, Math.max(0, p));
  for (let i = 0; i < size; i++) {
    const at = ((first + i + 0.5 - from) / (to - from)) * count - (smooth ? 0.5 : 0);
    const low = Math.floor(at);
    out.low[i] = clamp(low);
    out.high[i] = clamp(low + 1);
    out.share[i] = at - low;
  }
  return out;
}
