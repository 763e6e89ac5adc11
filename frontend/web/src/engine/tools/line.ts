/** The pixels of a line: thin and 8-connected, so that no 4-connected path leads across it. */
import type { Point } from "./stroke.ts";

/** Visits the pixels from that of a to that of b, both included (Bresenham). */
export function linePixels(a: Point, b: Point, visit: (x: number, y: number) => void): void {
  let x = Math.floor(a.x);
  let y = Math.floor(a.y);
  const endX = Math.floor(b.x);
  const endY = Math.floor(b.y);
  const dx = Math.abs(endX - x);
  const dy = Math.abs(endY - y);
  const stepX = Math.sign(endX - x);
  const stepY = Math.sign(endY - y);
  let error = dx - dy;
  visit(x, y);
  while (x !== endX || y !== endY) {
    const doubled = 2 * error;
    if (doubled > -dy) {
      error -= dy;
      x += stepX;
    }
    if (doubled < dx) {
      error += dx;
      y += stepY;
    }
    visit(x, y);
  }
}
