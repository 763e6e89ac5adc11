/** The patch map of a slice as pixels, one a patch, and its most doubtful patches. */
import type { Patches } from "./types.ts";

const RGB = [213, 94, 0] as const;
const STRONGEST = 190;

/** RGBA, rows × columns; opaque where the doubt is highest. */
export function patchPixels(patches: Patches): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(patches.rows * patches.columns * 4);
  const top = patches.top || 1;
  patches.values.forEach((value, at) => {
    pixels.set([...RGB, Math.max(0, value / top) * STRONGEST], at * 4);
  });
  return pixels;
}

export interface Worst {
  y: number;
  x: number;
  value: number;
}

/** The centres of the patches with the highest values, in pixels, the highest first. */
export function worst(patches: Patches, number = 10): Worst[] {
  const { columns, side, values } = patches;
  return values
    .map((value, at) => ({ at, value }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .slice(0, number)
    .map(({ at, value }) => ({
      y: Math.round((Math.floor(at / columns) + 0.5) * side),
      x: Math.round(((at % columns) + 0.5) * side),
      value,
    }));
}
