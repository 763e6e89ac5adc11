/** Puts a whole mask in place of the plane's, touching only what differs. */
import type { LabelArray } from "../labels.ts";
import type { LabelPlane } from "../plane.ts";

export function replaceLabels(plane: LabelPlane, labels: LabelArray): void {
  const { width, height, data } = plane;
  if (labels.length !== data.length) {
    throw new RangeError(`A mask of ${labels.length} labels does not fit a plane of ${height} x ${width}.`);
  }
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; ) {
      const label = labels[row + x];
      const from = x++;
      if (data[row + from] === label) continue;
      while (x < width && labels[row + x] === label && data[row + x] !== label) x++;
      plane.fillSpan(y, from, x, label);
    }
  }
}
