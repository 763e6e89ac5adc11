/** Marks above the image that are no labels: patches to check, the region's edge, a tool's open path. */
import type { Point } from "./tools/stroke.ts";
import type { Bounds, View } from "./view.ts";

export interface OverlayScene {
  view: View;
  region: Bounds;
  /** Rectangles in slice pixels; `current` is drawn stronger. */
  patches: Bounds[];
  current: number;
  /** Open path of a tool in slice pixels; `closed`: it stands for the area inside it. */
  path: readonly Point[];
  closed: boolean;
  /** Keyboard cursor in slice pixels. */
  cursor: Point | null;
  /** Device pixels per CSS pixel. */
  ratio: number;
}

const DARK = "rgb(0 0 0 / 65%)";
const LIGHT = "#ffffff";
const PATCH = "#f0e442";

/** Whether there is anything to draw: a canvas without a mark need not be shown. */
export function isBlank({ view, region, patches, path, cursor }: OverlayScene): boolean {
  return isWhole(region, view) && patches.length === 0 && path.length < 2 && !cursor;
}

export function drawOverlay(context: CanvasRenderingContext2D, scene: OverlayScene): void {
  const { view, ratio } = scene;
  context.clearRect(0, 0, view.canvas.width, view.canvas.height);
  context.lineJoin = "round";
  context.lineCap = "round";
  drawRegion(context, scene);
  scene.patches.forEach((patch, i) => drawPatch(context, scene, patch, i === scene.current));
  if (scene.path.length > 1) {
    context.beginPath();
    for (const point of scene.path) {
      const { x, y } = view.toScreen(point.x, point.y);
      context.lineTo(x, y);
    }
    twoTone(context, LIGHT, 1.5 * ratio);
    if (scene.closed) {
      context.closePath();
      context.fillStyle = "rgb(255 255 255 / 8%)";
      context.fill();
    }
  }
  if (scene.cursor) {
    const { x, y } = view.toScreen(scene.cursor.x, scene.cursor.y);
    const arm = 10 * ratio;
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
    twoTone(context, LIGHT, 1.5 * ratio);
  }
}

/** A line with a dark tone around it, so that it is seen on any grey. */
function twoTone(context: CanvasRenderingContext2D, color: string, width: number): void {
  context.strokeStyle = DARK;
  context.lineWidth = 2.6 * width;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

function drawRegion(context: CanvasRenderingContext2D, { view, region, ratio }: OverlayScene): void {
  if (isWhole(region, view)) return;
  const a = view.toScreen(region.x0, region.y0);
  const b = view.toScreen(region.x1, region.y1);
  context.strokeStyle = "rgb(255 255 255 / 55%)";
  context.lineWidth = ratio;
  context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
}

function isWhole({ x0, y0, x1, y1 }: Bounds, { image }: View): boolean {
  return x0 <= 0 && y0 <= 0 && x1 >= image.width && y1 >= image.height;
}

/** Corner brackets: they say where to look without covering what is there. */
function drawPatch(
  context: CanvasRenderingContext2D,
  { view, ratio }: OverlayScene,
  patch: Bounds,
  current: boolean,
): void {
  const a = view.toScreen(patch.x0, patch.y0);
  const b = view.toScreen(patch.x1, patch.y1);
  const arm = Math.min(14 * ratio, 0.3 * Math.min(b.x - a.x, b.y - a.y));
  context.beginPath();
  for (const [x, y, dx, dy] of [
    [a.x, a.y, 1, 1],
    [b.x, a.y, -1, 1],
    [b.x, b.y, -1, -1],
    [a.x, b.y, 1, -1],
  ]) {
    context.moveTo(x + dx * arm, y);
    context.lineTo(x, y);
    context.lineTo(x, y + dy * arm);
  }
  context.globalAlpha = current ? 1 : 0.9;
  twoTone(context, PATCH, (current ? 2.5 : 1.6) * ratio);
  context.globalAlpha = 1;
}
