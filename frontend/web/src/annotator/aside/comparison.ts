/** A practice slice with a mask over it: one's own or the experts'. */
import { buildPalette, paletteEntry, unsureOf, type LabelArray } from "../../engine/index.ts";
import type { TaskPayload } from "../types.ts";

const ALPHA = 115;

/** RGBA pixels of a mask in the colours of its classes; background is clear. */
export function tinted(mask: LabelArray, { study }: Pick<TaskPayload, "study">): Uint8ClampedArray<ArrayBuffer> {
  const palette = buildPalette(study.classes);
  const unsure = unsureOf(study.label_dtype);
  const pixels = new Uint8ClampedArray(4 * mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const at = 4 * paletteEntry(mask[i], unsure);
    pixels.set(palette.subarray(at, at + 3), 4 * i);
    pixels[4 * i + 3] = ALPHA;
  }
  return pixels;
}

/** Draws the image of the task's region, and the mask over it, as large as the canvas. */
export function compose(canvas: HTMLCanvasElement, image: HTMLImageElement, mask: LabelArray, task: TaskPayload): void {
  const { width, height, x0, y0, cube } = task;
  const context = canvas.getContext("2d")!;
  // The plane's picture may be smaller than the plane.
  const [sx, sy] = [image.naturalWidth / cube.shape[2], image.naturalHeight / cube.shape[1]];
  context.drawImage(image, x0 * sx, y0 * sy, width * sx, height * sy, 0, 0, canvas.width, canvas.height);
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d")!.putImageData(new ImageData(tinted(mask, task), width, height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, 0, 0, canvas.width, canvas.height);
}
