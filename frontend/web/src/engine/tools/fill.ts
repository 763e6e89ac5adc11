/** Fill: gives the closed area under the pointer another label. */
import { click } from "./click.ts";
import { findRegion, paintRegion } from "./flood.ts";
import { valueOf, type Refusal, type Stroke, type StrokeContext } from "./stroke.ts";

/** A background region larger than this share that reaches the edge is surely not meant. */
const OPEN_REGION_SHARE = 0.25;

export function fill(context: StrokeContext): Stroke {
  return click((x, y) => fillAt(context, x, y));
}

function fillAt({ plane, settings }: StrokeContext, x: number, y: number): Refusal | null {
  const value = valueOf(settings);
  const region = findRegion(plane, x, y);
  if (region.size === 0 || plane.at(x, y) === value) return null;
  const share = region.size / (plane.width * plane.height);
  if (plane.at(x, y) === 0 && region.touchesEdge && share > OPEN_REGION_SHARE) return "open-region";
  paintRegion(plane, region, value);
  return null;
}
