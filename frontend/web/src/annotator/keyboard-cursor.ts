/** The keyboard's cursor: where the arrow keys take it, in pixels of the slice. */
import type { Point, Stage } from "../engine/index.ts";

const STEP = 8;
const FAR = 48;
const MARGIN = 40;

/** Moves by screen pixels, held within the slice, and takes the view along at its edge. */
export function moved(stage: Stage, from: Point | null, dx: number, dy: number, far: boolean): Point {
  const { view, ratio } = stage;
  const step = Math.max(1, ((far ? FAR : STEP) * ratio) / view.scale);
  const start = from ?? { x: view.cx, y: view.cy };
  const to = {
    x: Math.min(view.image.width, Math.max(0, start.x + dx * step)),
    y: Math.min(view.image.height, Math.max(0, start.y + dy * step)),
  };
  const { x, y } = view.toScreen(to.x, to.y);
  const margin = MARGIN * ratio;
  const over = (at: number, size: number): number =>
    at < margin ? margin - at : at > size - margin ? size - margin - at : 0;
  view.panBy(over(x, view.canvas.width), over(y, view.canvas.height));
  return to;
}
