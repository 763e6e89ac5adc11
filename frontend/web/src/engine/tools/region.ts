/** A region for a tool to work on: found at once while it is small, else out of the hand's way. */
import { findRegion, findSmallRegion, type Grid, type Region } from "./flood.ts";
import type { Outcome, Refusal, StrokeContext } from "./stroke.ts";

/** Pixels that are searched between two frames. */
export const SMALL = 2 ** 20;

export function regionAt(
  { flood }: Pick<StrokeContext, "flood">,
  grid: Grid,
  x: number,
  y: number,
  act: (region: Region) => Refusal | null,
): Outcome {
  const region = flood ? findSmallRegion(grid, x, y, SMALL) : findRegion(grid, x, y);
  if (region) return act(region);
  const { width, height, data } = grid;
  return flood!({ width, height, data }, x, y).then((found) => () => act(found));
}
