/**
 * The pixels of the correction page, computed on the CPU: the reference that the WebGL2 shader must
 * equal, and the fallback where there is no WebGL2.
 *
 * For each device pixel the label under its centre and the labels one line width to the left,
 * right, above and below decide: on the greater side of an edge it is outline, on the smaller side
 * the outline's dark tone, else fill. The proposal is drawn on the smaller side, dashed, so that
 * both outlines stay visible where they follow each other.
 */
import { NO_IMAGE, type Backdrop } from "./backdrop.ts";
import {
  BACKGROUND, HALO, MACHINE_COLOR, OUTSIDE, layerUnsure, paletteEntry,
  type LabelLayer, type Scene, type ScreenRect,
} from "./scene.ts";

export interface Layers {
  mine: LabelLayer | null;
  machine: LabelLayer | null;
}

/** Layer coordinates of device columns (or rows): clamped centre, one line before, one after. */
interface Lookup {
  at: Int32Array;
  before: Int32Array;
  after: Int32Array;
  /** 1 where the pixel lies inside the region. */
  inside: Uint8Array;
}

function lookup(from: number, to: number, corner: number, step: number, start: number, end: number, line: number): Lookup {
  const count = to - from;
  const out: Lookup = {
    at: new Int32Array(count),
    before: new Int32Array(count),
    after: new Int32Array(count),
    inside: new Uint8Array(count),
  };
  const clamp = (p: number): number => Math.min(end - 1, Math.max(start, p)) - start;
  for (let i = 0; i < count; i++) {
    const centre = from + i + 0.5;
    const p = Math.floor(corner + centre * step);
    out.at[i] = clamp(p);
    out.before[i] = clamp(Math.floor(corner + (centre - line) * step));
    out.after[i] = clamp(Math.floor(corner + (centre + line) * step));
    out.inside[i] = p >= start && p < end ? 1 : 0;
  }
  return out;
}

/** Writes the RGBA of the device pixels in `only` into `out` (canvas width x height). */
export function composite(
  out: Uint8ClampedArray,
  backdrop: Backdrop,
  scene: Scene,
  layers: Layers,
  only: ScreenRect,
): void {
  const { view, region, style } = scene;
  const width = view.canvas.width;
  const corner = view.toImage(0, 0);
  const cols = lookup(only.x0, only.x1, corner.x, 1 / view.scale, region.x0, region.x1, style.line);
  const rows = lookup(only.y0, only.y1, corner.y, 1 / view.scaleY, region.y0, region.y1, style.line);
  const shown: Layers = { mine: style.mine ? layers.mine : null, machine: style.machine ? layers.machine : null };
  const grey = greyTable(style.low, style.high);
  // Most pixels have no mark near them: those are words of a table.
  const words = new Uint32Array(out.buffer, out.byteOffset, out.byteLength / 4);
  const [plain, dimmed] = [1, OUTSIDE].map((share) => greyWords(grey, share));
  const marked = new Uint8Array(cols.at.length);
  const paint = painter(out, backdrop, scene, shown, grey);
  const from = cols.inside.indexOf(1);
  const to = cols.inside.lastIndexOf(1) + 1;

  for (let r = 0; r < rows.at.length; r++) {
    const line = (only.y0 + r) * width + only.x0;
    const inside = rows.inside[r] === 1 && from >= 0;
    for (let c = 0; c < marked.length; c++) {
      const table = inside && c >= from && c < to ? plain : dimmed;
      words[line + c] = table[backdrop[line + c]];
    }
    if (!inside) continue;
    marked.fill(0);
    for (const layer of [shown.mine, shown.machine]) if (layer) findMarks(marked, layer, rows, cols, r, from, to);
    for (let c = from; c < to; c++) if (marked[c] !== 0) paint(only.x0 + c, only.y0 + r, rows, cols, r, c);
  }
}

/** Sets what has a label under its centre or one line width away. */
function findMarks(marked: Uint8Array, layer: LabelLayer, rows: Lookup, cols: Lookup, r: number, from: number, to: number): void {
  const { data, width } = layer;
  const row = rows.at[r] * width;
  const above = rows.before[r] * width;
  const below = rows.after[r] * width;
  const { at, before, after } = cols;
  for (let c = from; c < to; c++) {
    const x = at[c];
    if ((data[row + x] | data[row + before[c]] | data[row + after[c]] | data[above + x] | data[below + x]) !== 0) marked[c] = 1;
  }
}

/** Draws one pixel with its marks: (x, y) on the canvas, (r, c) in the look-up tables. */
function painter(
  out: Uint8ClampedArray, backdrop: Backdrop, { view, style, palette }: Scene, { mine, machine }: Layers, grey: Uint8ClampedArray,
): (x: number, y: number, rows: Lookup, cols: Lookup, r: number, c: number) => void {
  const unsure = layerUnsure(mine);
  const { originX, originY, canvas: { width } } = view;
  return (x, y, rows, cols, r, c) => {
    const value = backdrop[y * width + x];
    let red: number = value === NO_IMAGE ? BACKGROUND[0] : grey[value];
    let green: number = value === NO_IMAGE ? BACKGROUND[1] : grey[value];
    let blue: number = value === NO_IMAGE ? BACKGROUND[2] : grey[value];
    if (mine) {
      const label = mine.data[rows.at[r] * mine.width + cols.at[c]];
      const edge = edgeAt(mine, rows, cols, r, c, label);
      let alpha = 0;
      let entry = 0;
      if (label !== 0) {
        entry = 4 * paletteEntry(label, unsure);
        if (edge & DIFFERS) alpha = 1;
        else if (style.fill) alpha = label === unsure && !hatch(x, y, style.dash) ? 0 : style.opacity;
      } else if (edge & GREATER) {
        alpha = HALO;
      }
      red += (palette[entry] - red) * alpha;
      green += (palette[entry + 1] - green) * alpha;
      blue += (palette[entry + 2] - blue) * alpha;
    }
    if (machine) {
      const label = machine.data[rows.at[r] * machine.width + cols.at[c]];
      const edge = edgeAt(machine, rows, cols, r, c, label);
      if (edge & GREATER) {
        const along = edge & VERTICAL ? x + 0.5 - originX : y + 0.5 - originY;
        const dash = mod(along, 2 * style.dash) < 1.2 * style.dash;
        const alpha = dash ? 1 : HALO;
        red += ((dash ? MACHINE_COLOR[0] : 0) - red) * alpha;
        green += ((dash ? MACHINE_COLOR[1] : 0) - green) * alpha;
        blue += ((dash ? MACHINE_COLOR[2] : 0) - blue) * alpha;
      }
    }
    const o = 4 * (y * width + x);
    out[o] = red;
    out[o + 1] = green;
    out[o + 2] = blue;
  };
}

/** The opaque pixel of each grey value and of NO_IMAGE, `share` as bright. */
function greyWords(grey: Uint8ClampedArray, share: number): Uint32Array {
  const bytes = new Uint8ClampedArray(4 * (NO_IMAGE + 1));
  for (let value = 0; value <= NO_IMAGE; value++) {
    const color = value === NO_IMAGE ? BACKGROUND : [grey[value], grey[value], grey[value]];
    bytes.set([...color.map((part) => part * share), 255], 4 * value);
  }
  return new Uint32Array(bytes.buffer);
}

/** Some neighbour has another label; a greater one; the one above or below differs. */
const DIFFERS = 1;
const GREATER = 2;
const VERTICAL = 4;

function edgeAt(layer: LabelLayer, rows: Lookup, cols: Lookup, r: number, c: number, label: number): number {
  const { data, width } = layer;
  const row = rows.at[r] * width;
  const left = data[row + cols.before[c]];
  const right = data[row + cols.after[c]];
  const above = data[rows.before[r] * width + cols.at[c]];
  const below = data[rows.after[r] * width + cols.at[c]];
  let edge = 0;
  if (left !== label || right !== label) edge |= DIFFERS;
  if (above !== label || below !== label) edge |= DIFFERS | VERTICAL;
  if (left > label || right > label || above > label || below > label) edge |= GREATER;
  return edge;
}

/** Contrast: `low` becomes black and `high` white. */
export function greyTable(low: number, high: number): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256);
  const span = Math.max(1, high - low);
  for (let v = 0; v < 256; v++) table[v] = ((v - low) / span) * 255;
  return table;
}

function hatch(x: number, y: number, dash: number): boolean {
  return mod(x + y, 2 * dash) < dash;
}

function mod(value: number, by: number): number {
  return value - by * Math.floor(value / by);
}
