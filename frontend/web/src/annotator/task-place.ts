/** Where a task lies in its slice, and the shape of its pixels. */
import type { Bounds } from "../engine/view.ts";
import type { TaskPayload } from "./types.ts";

export function regionOf({ x0, y0, width, height }: TaskPayload): Bounds {
  return { x0, y0, x1: x0 + width, y1: y0 + height };
}

/** Height of a pixel over its width. */
export function aspectOf({ cube }: TaskPayload): number {
  return cube.voxel_size[1] / cube.voxel_size[2];
}
