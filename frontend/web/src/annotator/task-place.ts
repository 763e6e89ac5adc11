/** Where a task lies in its slice, and the shape of its pixels. */
import type { Bounds } from "../engine/view.ts";
import type { TaskPayload } from "./types.ts";

export function regionOf({ x0, y0, width, height }: TaskPayload): Bounds {
  return { x0, y0, x1: x0 + width, y1: y0 + height };
}

/** The doubtful patches in the slice; the server counts from the task's corner. */
export function patchesOf({ x0, y0, doubtful }: TaskPayload): Bounds[] {
  return doubtful.map((patch) => ({
    x0: x0 + patch.x0, y0: y0 + patch.y0, x1: x0 + patch.x0 + patch.width, y1: y0 + patch.y0 + patch.height,
  }));
}

/** Height of a pixel over its width. */
export function aspectOf({ cube }: TaskPayload): number {
  return cube.voxel_size[1] / cube.voxel_size[2];
}
