/** Fill: gives the closed area under the pointer another label. */
import { click } from "./click.ts";
import { paintRegion, within, type Region } from "./flood.ts";
import { regionAt } from "./region.ts";
import { valueOf, type Outcome, type Refusal, type Stroke, type StrokeContext } from "./stroke.ts";

/** A background region larger than this share that reaches the edge is surely not meant. */
const OPEN_REGION_SHARE = 0.25;

export function fill(context: StrokeContext): Stroke {
  return click((x, y) => fillAt(context, x, y));
}

function fillAt(context: StrokeContext, x: number, y: number): Outcome {
  const { plane } = context;
  if (!within(plane, x, y) || plane.at(x, y) === valueOf(context.settings)) return null;
  return regionAt(context, plane, x, y, (region) => fillRegion(context, region, x, y));
}

function fillRegion({ plane, settings }: StrokeContext, region: Region, x: number, y: number): Refusal | null {
  const share = region.size / (plane.width * plane.height);
  if (plane.at(x, y) === 0 && region.touchesEdge && share > OPEN_REGION_SHARE) return "open-region";
  paintRegion(plane, region, valueOf(settings));
  return null;
}
