/** The stroke of tools that act on one pixel: the one under the pointer when it is lifted. */
import type { Outcome, Point, Stroke } from "./stroke.ts";

export function click(act: (x: number, y: number) => Outcome): Stroke {
  let at: Point;
  const follow = (to: Point): void => void (at = to);
  return { start: follow, move: follow, end: () => act(Math.floor(at.x), Math.floor(at.y)) };
}
