/**
 * Outlines of a label mask: the edges between pixels of different labels, chained to closed lines,
 * so that a dash pattern runs along them evenly at every zoom.
 */

export type Line = number[];

/**
 * The outline of every labelled area, in pixel corners: [x0, y0, x1, y1, …] of closed lines. Each
 * label is outlined for itself; the inside is on the right-hand side.
 */
export function contours(mask: Uint32Array, width: number, height: number): Line[] {
  const lines: Line[] = [];
  for (const label of labelsOf(mask)) traceLabel(mask, width, height, label, lines);
  return lines;
}

function labelsOf(mask: Uint32Array): Set<number> {
  const found = new Set<number>();
  let last = 0;
  for (const label of mask) {
    if (label !== last && label !== 0) found.add(label);
    last = label;
  }
  return found;
}

function traceLabel(
  mask: Uint32Array,
  width: number,
  height: number,
  label: number,
  lines: Line[],
): void {
  const stride = width + 1;
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === label;
  // Directed edges by the corner they start at; a corner where two areas touch has two.
  const edges = new Map<number, number[]>();
  const add = (from: number, to: number): void => {
    const known = edges.get(from);
    if (known) known.push(to);
    else edges.set(from, [to]);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] !== label) continue;
      const corner = y * stride + x;
      if (!inside(x, y - 1)) add(corner, corner + 1);
      if (!inside(x + 1, y)) add(corner + 1, corner + 1 + stride);
      if (!inside(x, y + 1)) add(corner + 1 + stride, corner + stride);
      if (!inside(x - 1, y)) add(corner + stride, corner);
    }
  }
  for (const start of edges.keys()) {
    while (edges.has(start)) lines.push(follow(edges, start, stride));
  }
}

function follow(edges: Map<number, number[]>, start: number, stride: number): Line {
  const line: Line = [];
  let at = start;
  let step = 0;
  do {
    const choices = edges.get(at)!;
    const next = choices.pop()!;
    if (choices.length === 0) edges.delete(at);
    // A straight run needs its two ends alone.
    if (next - at !== step) line.push(at % stride, Math.floor(at / stride));
    step = next - at;
    at = next;
  } while (at !== start);
  return line;
}

export function toPath(lines: readonly Line[]): Path2D {
  const path = new Path2D();
  for (const line of lines) {
    path.moveTo(line[0], line[1]);
    for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
    path.closePath();
  }
  return path;
}
