/** Diameters of the brush in image pixels. */

const LEAST = 1;
const MOST = 400;

export function limited(size: number): number {
  return Math.min(MOST, Math.max(LEAST, Math.round(size)));
}

/** Steps grow with the size, so that a few of them reach every useful brush. */
export function stepped(size: number, steps: number): number {
  for (let i = 0; i < Math.abs(steps); i++) {
    size += Math.sign(steps) * Math.max(1, Math.round(size * 0.14));
  }
  return size;
}
