/**
 * Shape-based interpolation (Raya and Udupa, IEEE TMI 9(1), 1990) between the masks of two slices,
 * as models/propagation/interpolate.py does it: the signed distance of the foreground says where
 * there is any label, one per label says which, so that no background opens between two labels.
 *
 * Where the two masks agree, so does what lies between them. Only where they differ are distances
 * needed, and they are looked for pixel by pixel, nearest neighbours first.
 */
import { allocate, dtypeOf, unsureOf, type LabelArray } from "./labels.ts";

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
  const out = allocate(dtypeOf(first), width * height);
  const steps = stepsOf(plan);
  const [a, b] = [first, second].map((mask) => new Side(mask, plan, steps));
  for (let at = 0; at < out.length; at++) {
    if (first[at] === second[at]) {
      out[at] = a.label(at);
      continue;
    }
    if (between(a.foreground(at), b.foreground(at), share) <= 0) continue;
    const sole = either(a.soleNear(at), b.soleNear(at));
    out[at] = sole !== SEVERAL ? sole : nearestLabel(a.labels(at), b.labels(at), share);
  }
  return out;
}

/** In single precision, as on the server: what cancels out there must not be a hair above 0 here. */
function between(first: number, second: number, share: number): number {
  return Math.fround(first + share * (second - first));
}

/** The label furthest inside; of equal ones the least. */
function nearestLabel(first: Map<number, number>, second: Map<number, number>, share: number): number {
  let best = 0;
  let most = -Infinity;
  for (const label of new Set([...first.keys(), ...second.keys()])) {
    const distance = between(first.get(label) ?? -CAP, second.get(label) ?? -CAP, share);
    if (distance < most || (distance === most && label > best)) continue;
    best = label;
    most = distance;
  }
  return best;
}

/** Steps to all pixels within reach, the nearest first, each with the distance to the edge before it. */
interface Steps {
  dx: Int8Array;
  dy: Int8Array;
  distance: Float32Array;
}

function stepsOf({ sampling: [sy, sx] }: Plan): Steps {
  const steps: [number, number, number][] = [];
  for (let y = -CAP; y <= CAP; y++) {
    for (let x = -CAP; x <= CAP; x++) {
      const distance = Math.hypot(y * sy, x * sx) - 0.5;
      if (distance > 0 && distance < CAP) steps.push([distance, x, y]);
    }
  }
  steps.sort((a, b) => a[0] - b[0]);
  return {
    dx: Int8Array.from(steps, ([, x]) => x),
    dy: Int8Array.from(steps, ([, , y]) => y),
    distance: Float32Array.from(steps, ([distance]) => distance),
  };
}

/** Blocks of 2 ** SHIFT pixels a side: what lies beyond those around a pixel's own is out of reach. */
const SHIFT = 4;
const BLOCK = 2 ** SHIFT;
const HAS_NONE = 1;
const HAS_SOME = 2;
/** Stands where a label would if there is more than one. */
const SEVERAL = -1;

/** The one label of two places, of which 0 has none. */
function either(a: number, b: number): number {
  if (a === 0 || a === b) return b;
  return b === 0 ? a : SEVERAL;
}

/**
 * Signed distances at single pixels of one mask: positive inside, negative outside, from the pixel's
 * centre to the edge between pixels, clipped to +-CAP.
 */
class Side {
  private readonly unsure: number;
  private readonly cols: number;
  /** Whether there is background, foreground or both in a block and those around it. */
  private readonly near: Uint8Array;
  /** The only label there, 0 for none, or SEVERAL. */
  private readonly sole: Float64Array;

  constructor(
    private readonly mask: LabelArray,
    private readonly plan: Plan,
    private readonly steps: Steps,
  ) {
    this.unsure = unsureOf(dtypeOf(mask));
    const { width, height } = plan;
    this.cols = Math.ceil(width / BLOCK);
    const rows = Math.ceil(height / BLOCK);
    const has = new Uint8Array(this.cols * rows);
    const sole = new Float64Array(this.cols * rows);
    for (let y = 0, at = 0; y < height; y++) {
      const row = (y >> SHIFT) * this.cols;
      for (let x = 0; x < width; x++, at++) {
        const block = row + (x >> SHIFT);
        const label = this.label(at);
        has[block] |= label === 0 ? HAS_NONE : HAS_SOME;
        if (label !== 0 && sole[block] !== label) sole[block] = either(sole[block], label);
      }
    }
    this.near = new Uint8Array(has.length);
    this.sole = new Float64Array(has.length);
    for (let block = 0; block < has.length; block++) {
      const row = Math.floor(block / this.cols);
      const col = block % this.cols;
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, col - 1); c <= Math.min(this.cols - 1, col + 1); c++) {
          this.near[block] |= has[r * this.cols + c];
          this.sole[block] = either(this.sole[block], sole[r * this.cols + c]);
        }
      }
    }
  }

  /** What is unsure counts as background. */
  label(at: number): number {
    return this.mask[at] === this.unsure ? 0 : this.mask[at];
  }

  foreground(at: number): number {
    const inside = this.label(at) !== 0;
    let found = CAP;
    if (this.near[this.blockOf(at)] === (HAS_NONE | HAS_SOME)) {
      this.look(at, (label, distance) => {
        if ((label !== 0) === inside) return false;
        found = distance;
        return true;
      });
    }
    return inside ? found : -found;
  }

  /** Of every label within reach; the others are at -CAP. */
  labels(at: number): Map<number, number> {
    const found = new Map<number, number>();
    if (this.near[this.blockOf(at)] === HAS_NONE) return found;
    const own = this.label(at);
    if (own !== 0) found.set(own, CAP);
    let edge = false;
    let last = own;
    this.look(at, (label, distance) => {
      if (label === last) return false;
      last = label;
      if (label !== own && !edge) {
        edge = true;
        if (own !== 0) found.set(own, distance);
      }
      if (label !== 0 && !found.has(label)) found.set(label, -distance);
      return false;
    });
    return found;
  }

  /** The only label near a pixel, 0 for none, or SEVERAL. */
  soleNear(at: number): number {
    return this.sole[this.blockOf(at)];
  }

  private blockOf(at: number): number {
    const { width } = this.plan;
    const y = Math.floor(at / width);
    return (y >> SHIFT) * this.cols + ((at - y * width) >> SHIFT);
  }

  /** Visits the pixels around, nearest first, until `done`. */
  private look(at: number, done: (label: number, distance: number) => boolean): void {
    const { width, height } = this.plan;
    const { dx, dy, distance } = this.steps;
    const y = Math.floor(at / width);
    const x = at - y * width;
    for (let i = 0; i < distance.length; i++) {
      const nx = x + dx[i];
      const ny = y + dy[i];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
      if (done(this.label(ny * width + nx), distance[i])) return;
    }
  }
}
