/**
 * Smart brush: of the pixels under the brush, those that look like the place where the stroke began
 * and hang together with the pointer's path through such pixels.
 */
import type { LabelPlane } from "../plane.ts";
import { capsuleRows } from "./brush.ts";
import { linePixels } from "./line.ts";
import { valueOf, type Intensities, type Point, type Stroke, type StrokeContext } from "./stroke.ts";

/** What counts as alike, in grey values. */
export interface Likeness {
  middle: number;
  /** Largest difference from the middle. */
  tolerance: number;
}

/** Differences that the eye hardly sees are always alike; beyond the greater one nothing is. */
const TOLERANCE = { min: 12, max: 40 };
/** Radius of the disc that is looked at, as a share of the brush's diameter and in pixels. */
const SAMPLE = { share: 1 / 8, min: 2, max: 6 };
/** Of normally distributed values all but 3 in 1000 lie within so many median deviations. */
const DEVIATIONS = 3 * 1.4826;

export function smart({ plane, settings, intensities }: StrokeContext): Stroke {
  const image = intensities();
  const value = valueOf(settings);
  let likeness: Likeness | null = null;
  let last: Point;
  const stamp = (to: Point): void => {
    if (image && likeness) paintAlike(plane, image, likeness, last, to, settings.size / 2, value);
    last = to;
  };
  return {
    start(at) {
      last = at;
      const within = {
        x: Math.min(plane.width - 0.5, Math.max(0, at.x)),
        y: Math.min(plane.height - 0.5, Math.max(0, at.y)),
      };
      likeness = image && likenessAt(image, within, settings.size);
      stamp(at);
    },
    move: stamp,
    end: () => (likeness ? null : "no-image"),
  };
}

/** Median and spread of the grey values around a point; null where there is no image. */
export function likenessAt(image: Intensities, at: Point, size: number): Likeness | null {
  const radius = Math.min(SAMPLE.max, Math.max(SAMPLE.min, size * SAMPLE.share));
  const values: number[] = [];
  capsuleRows(Infinity, at, at, radius, (y, x0, x1) => {
    for (let x = x0; x < x1; x++) {
      const value = image.at(x, y);
      if (value >= 0) values.push(value);
    }
  });
  if (values.length === 0) return null;
  const middle = median(values);
  const spread = DEVIATIONS * median(values.map((value) => Math.abs(value - middle)));
  return { middle, tolerance: Math.min(TOLERANCE.max, Math.max(TOLERANCE.min, spread)) };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const OTHER = 0;
const ALIKE = 1;
const REACHED = 2;

/** State of each pixel in the box around a segment; kept, as a stroke has hundreds of segments. */
let scratch = new Uint8Array(0);

export function paintAlike(
  plane: LabelPlane,
  image: Intensities,
  { middle, tolerance }: Likeness,
  a: Point,
  b: Point,
  radius: number,
  label: number,
): void {
  const left = Math.max(0, Math.floor(Math.min(a.x, b.x) - radius) - 1);
  const right = Math.min(plane.width, Math.ceil(Math.max(a.x, b.x) + radius) + 1);
  const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius) - 1);
  const bottom = Math.min(plane.height, Math.ceil(Math.max(a.y, b.y) + radius) + 1);
  if (left >= right || top >= bottom) return;
  const width = right - left;
  const size = width * (bottom - top);
  if (scratch.length < size) scratch = new Uint8Array(2 * size);
  const states = scratch.fill(OTHER, 0, size);

  capsuleRows(bottom, a, b, radius, (y, x0, x1) => {
    const row = (y - top) * width - left;
    for (let x = Math.max(left, x0); x < Math.min(right, x1); x++) {
      const value = image.at(x, y);
      if (value >= 0 && Math.abs(value - middle) <= tolerance) states[row + x] = ALIKE;
    }
  });

  const stack: number[] = [];
  linePixels(a, b, (x, y) => {
    if (x < left || x >= right || y < top || y >= bottom) return;
    const at = (y - top) * width + x - left;
    if (states[at] === ALIKE) stack.push(at);
  });
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (states[at] !== ALIKE) continue;
    states[at] = REACHED;
    const x = at % width;
    if (x > 0 && states[at - 1] === ALIKE) stack.push(at - 1);
    if (x < width - 1 && states[at + 1] === ALIKE) stack.push(at + 1);
    if (at >= width && states[at - width] === ALIKE) stack.push(at - width);
    if (at + width < size && states[at + width] === ALIKE) stack.push(at + width);
  }

  for (let y = top; y < bottom; y++) {
    const row = (y - top) * width - left;
    for (let x = left; x < right; x++) {
      if (states[row + x] !== REACHED) continue;
      const from = x;
      while (x < right && states[row + x] === REACHED) x++;
      plane.fillSpan(y, from, x, label);
    }
  }
}
