/** Eraser: a brush that writes background. */
import { stampAlong } from "./brush.ts";
import type { Stroke, StrokeContext } from "./stroke.ts";

export function eraser({ plane, settings }: StrokeContext): Stroke {
  return stampAlong(plane, settings.size, 0);
}
