/** Masks as RGBA pixels, one pixel a voxel; the viewer scales them. */
import { UNSURE } from "../engine/labels.ts";
import { parseHex, OKABE_ITO, type RGB } from "../engine/render/scene.ts";
import type { LabelClass } from "./types.ts";

export const DISAGREE: RGB = [213, 94, 0];
const UNSURE_RGB: RGB = [255, 255, 255];

/** Fill colours by label. One class takes the layer's own colour; several keep theirs. */
export function fillColours(
  classes: readonly LabelClass[],
  instances: boolean,
  layer: RGB,
): (label: number) => RGB {
  if (instances) return (label) => (label === UNSURE ? UNSURE_RGB : OKABE_ITO[(label - 1) % 7]);
  const several = classes.length > 1;
  const known = new Map(classes.map((c) => [c.value, parseHex(c.color) ?? layer]));
  return (label) => {
    if (label === UNSURE) return UNSURE_RGB;
    return several ? (known.get(label) ?? layer) : layer;
  };
}

/** (H x W) labels as RGBA; background is clear. `alpha` 0..255. */
export function fillPixels(
  mask: Uint32Array,
  colour: (label: number) => RGB,
  alpha: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(mask.length * 4);
  let label = 0;
  let rgb: RGB = [0, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    if (mask[i] !== label) {
      label = mask[i];
      rgb = colour(label);
    }
    pixels[4 * i] = rgb[0];
    pixels[4 * i + 1] = rgb[1];
    pixels[4 * i + 2] = rgb[2];
    pixels[4 * i + 3] = alpha;
  }
  return pixels;
}

/** Disagreement levels 0..top as opacity; even slight disagreement is seen. */
export function disagreementPixels(
  levels: Uint32Array,
  top: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(levels.length * 4);
  for (let i = 0; i < levels.length; i++) {
    if (levels[i] === 0) continue;
    pixels[4 * i] = DISAGREE[0];
    pixels[4 * i + 1] = DISAGREE[1];
    pixels[4 * i + 2] = DISAGREE[2];
    pixels[4 * i + 3] = 90 + (165 * Math.min(levels[i], top)) / top;
  }
  return pixels;
}
