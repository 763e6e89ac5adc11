/**
 * Object: puts the object that the machine proposes under the pointer into the mask, or takes the
 * mask's object there away. An object is a 4-connected region of one label.
 */
import type { LabelPlane } from "../plane.ts";
import { click } from "./click.ts";
import { paintRegion, within, type Grid, type Region } from "./flood.ts";
import { regionAt } from "./region.ts";
import type { Outcome, Refusal, Stroke, StrokeContext } from "./stroke.ts";

export function object(context: StrokeContext): Stroke {
  return click((x, y) => (context.settings.remove ? removeAt(context, x, y) : acceptAt(context, x, y)));
}

function removeAt(context: StrokeContext, x: number, y: number): Outcome {
  const { plane } = context;
  if (!within(plane, x, y) || plane.at(x, y) === 0) return "nothing-marked";
  return regionAt(context, plane, x, y, (region) => {
    paintRegion(plane, region, 0);
    return null;
  });
}

function acceptAt(context: StrokeContext, x: number, y: number): Outcome {
  const { plane, proposal } = context;
  if (!proposal || !within(plane, x, y)) return "nothing-proposed";
  const { width, height } = plane;
  const label = proposal[y * width + x];
  if (label === 0) return "nothing-proposed";
  const grid: Grid = { width, height, data: proposal };
  return regionAt(context, grid, x, y, (region) => accept(plane, region, label));
}

function accept(plane: LabelPlane, region: Region, label: number): Refusal | null {
  const { width } = plane;
  const { spans } = region;
  let changes = false;
  for (let i = 0; i < spans.length && !changes; i += 3) {
    const row = spans[i] * width;
    const now = plane.data.subarray(row + spans[i + 1], row + spans[i + 2]);
    changes = now.some((own) => own !== label);
  }
  if (!changes) return "already-there";
  paintRegion(plane, region, label);
  return null;
}
