/**
 * Shape-based interpolation (Raya and Udupa, IEEE TMI 9(1), 1990) between the masks of two slices,
 * as models/propagation/interpolate.py does it: the signed distance of the foreground says where
 * there is any label, one per label says which, so that no background opens between two labels.
 */
import { allocate, dtypeOf, unsureOf, type LabelArray } from "./labels.ts";
import type { Rect } from "./plane.ts";

/** Distances are clipped to so many pixels, as they are in models/config.py. */
export const CAP = 12;

export interface Plan {
  width: number;
  height: number;
  /** Where the slice lies between the two: 0 at the first, 1 at the second. */
  share: number;
  /** Size of a pixel along y and x, relative to the finer of the two. */
  sampling: [number, number];
}

export function interpolate(first: LabelArray, second: LabelArray, plan: Plan): LabelArray {
  const { width, height, share } = plan;
  const unsure = unsureOf(dtypeOf(first));
  const out = allocate(dtypeOf(first), width * height);
  const boxes = boxesOf([first, second], width, unsure);
  const whole = [...boxes.values()].reduce(around, NONE);
  if (whole.x0 >= whole.x1) return out;
  const area = grown(whole, plan);

  const between = (inside: (label: number) => boolean, box: Rect): Float32Array => {
    const a = signedDistance(first, inside, box, plan);
    const b = signedDistance(second, inside, box, plan);
    for (let i = 0; i < a.length; i++) a[i] += share * (b[i] - a[i]);
    return a;
  };

  const foreground = between((label) => label !== 0 && label !== unsure, area);
  const best = new Float32Array(foreground.length).fill(-Infinity);
  const areaWidth = area.x1 - area.x0;
  // In rising order, so that of equally near labels the lesser one wins.
  for (const label of [...boxes.keys()].sort((a, b) => a - b)) {
    const box = grown(boxes.get(label)!, plan);
    const distance = boxes.size === 1 ? foreground : between((other) => other === label, box);
    let i = 0;
    for (let y = box.y0; y < box.y1; y++) {
      for (let x = box.x0; x < box.x1; x++, i++) {
        const at = (y - area.y0) * areaWidth + x - area.x0;
        if (foreground[at] <= 0 || distance[i] <= best[at]) continue;
        best[at] = distance[i];
        out[y * width + x] = label;
      }
    }
  }
  return out;
}

const NONE: Rect = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };

function around(a: Rect, b: Rect): Rect {
  return {
    x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1),
  };
}

/** Beyond this margin every distance is clipped. */
function grown({ x0, y0, x1, y1 }: Rect, { width, height }: Plan): Rect {
  const by = CAP + 1;
  return {
    x0: Math.max(0, x0 - by), y0: Math.max(0, y0 - by),
    x1: Math.min(width, x1 + by), y1: Math.min(height, y1 + by),
  };
}

/** The bounding box of each label over all masks, run by run. */
function boxesOf(masks: LabelArray[], width: number, unsure: number): Map<number, Rect> {
  const boxes = new Map<number, Rect>();
  for (const mask of masks) {
    for (let start = 0; start < mask.length; ) {
      const label = mask[start];
      const y = Math.floor(start / width);
      const rowEnd = (y + 1) * width;
      let end = start + 1;
      while (end < rowEnd && mask[end] === label) end++;
      if (label !== 0 && label !== unsure) {
        const run = { x0: start - y * width, y0: y, x1: end - y * width, y1: y + 1 };
        boxes.set(label, around(boxes.get(label) ?? NONE, run));
      }
      start = end;
    }
  }
  return boxes;
}

/**
 * How far inside (positive) or outside each pixel of the box lies, from pixel centre to the edge
 * between pixels, clipped to +-CAP. Exact: nearest in each column first, then over columns.
 */
function signedDistance(mask: LabelArray, inside: (label: number) => boolean, box: Rect, plan: Plan): Float32Array {
  const width = box.x1 - box.x0;
  const height = box.y1 - box.y0;
  const [sy, sx] = plan.sampling;
  const phase = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = (box.y0 + y) * plan.width + box.x0;
    for (let x = 0; x < width; x++, i++) phase[i] = inside(mask[row + x]) ? 1 : 0;
  }
  // Rows to the nearest pixel of the other phase in the same column; `far` where it is out of reach.
  const reach = Math.ceil(CAP / sy) + 1;
  const far = reach + 1;
  const column = new Uint8Array(width * height).fill(far);
  for (let i = width; i < phase.length; i++) {
    column[i] = phase[i] !== phase[i - width] ? 1 : Math.min(far, column[i - width] + 1);
  }
  for (let i = phase.length - width - 1; i >= 0; i--) {
    const below = phase[i] !== phase[i + width] ? 1 : column[i + width] + 1;
    if (below < column[i]) column[i] = below;
  }
  const out = new Float32Array(width * height);
  const wide = Math.ceil(CAP / sx) + 1;
  const most = (CAP + 0.5) ** 2;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    // Columns up to x + wide that may matter: those near an edge, or of another phase than the last.
    let active = -Infinity;
    let ahead = 0;
    for (let x = 0; x < width; x++) {
      for (; ahead < width && ahead <= x + wide; ahead++) {
        const changes = ahead > 0 && phase[row + ahead] !== phase[row + ahead - 1];
        if (changes || column[row + ahead] < far) active = ahead;
      }
      const own = phase[row + x];
      let nearest = most;
      if (active >= x - wide - 1) {
        nearest = Math.min(most, (column[row + x] * sy) ** 2);
        for (let k = 1; k <= wide; k++) {
          const across = (k * sx) ** 2;
          if (across >= nearest) break;
          for (const at of [x - k, x + k]) {
            if (at < 0 || at >= width) continue;
            const down = phase[row + at] !== own ? 0 : (column[row + at] * sy) ** 2;
            if (across + down < nearest) nearest = across + down;
          }
        }
      }
      const distance = Math.min(CAP, Math.sqrt(nearest) - 0.5);
      out[row + x] = own ? distance : -distance;
    }
  }
  return out;
}
