/**
 * The label plane: the mask of one task as a typed array, cut into tiles of 64 x 64.
 *
 * Every change happens inside a stroke. A tile is copied when a stroke first touches it; at the
 * stroke's end the copy and the tile are combined by XOR and packed as runs, so that a stroke can
 * be taken back and done again bit by bit by the same operation, at a few hundred bytes a tile.
 */
import { allocate, dtypeOf, type LabelArray, type LabelDtype } from "./labels.ts";
import { runEnd, wordsOf } from "./runs.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

export const TILE = 64;

/** Pixels [x0, x1) x [y0, y1). */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/**
 * The change of one stroke: varint tile index, then runs (varint value, varint length) of the XOR
 * of that tile, for every changed tile in turn.
 */
export type Patch = Uint8Array<ArrayBuffer>;

export class LabelPlane {
  readonly width: number;
  readonly height: number;
  readonly dtype: LabelDtype;
  readonly data: LabelArray;
  /** Told of every change that is committed or applied, as the patch that makes it. */
  onChange: ((patch: Patch) => void) | null = null;
  private readonly tilesX: number;
  /** The same memory as `data`. */
  private readonly words: Uint32Array | null;
  /** Copies of the tiles that the open stroke has touched, or null between strokes. */
  private before: Map<number, LabelArray> | null = null;
  private dirty: Rect | null = null;

  /** `own`: the labels are handed over; otherwise they are copied. */
  constructor(width: number, height: number, labels: LabelDtype | LabelArray, own = false) {
    this.width = width;
    this.height = height;
    this.dtype = typeof labels === "string" ? labels : dtypeOf(labels);
    if (typeof labels === "string") this.data = allocate(labels, width * height);
    else this.data = own ? labels : labels.slice();
    if (this.data.length !== width * height) {
      throw new RangeError(`A plane of ${height} x ${width} does not hold ${this.data.length} labels.`);
    }
    this.tilesX = Math.ceil(width / TILE);
    this.words = wordsOf(this.data);
  }

  get inStroke(): boolean {
    return this.before !== null;
  }

  at(x: number, y: number): number {
    return this.data[y * this.width + x];
  }

  begin(): void {
    if (this.before) throw new Error("A stroke is already open.");
    this.before = new Map();
  }

  /** Sets the labels [x0, x1) of row y; parts outside the plane are left out. */
  fillSpan(y: number, x0: number, x1: number, label: number): void {
    if (!this.before) throw new Error("No stroke is open.");
    if (y < 0 || y >= this.height) return;
    const from = Math.max(0, x0);
    const to = Math.min(this.width, x1);
    if (from >= to) return;
    const row = Math.floor(y / TILE) * this.tilesX;
    for (let t = Math.floor(from / TILE); t <= Math.floor((to - 1) / TILE); t++) {
      if (!this.before.has(row + t)) this.before.set(row + t, this.copyTile(row + t));
    }
    this.data.fill(label, y * this.width + from, y * this.width + to);
    this.touch({ x0: from, y0: y, x1: to, y1: y + 1 });
  }

  /** Ends the stroke. Null when it changed nothing. */
  commit(): Patch | null {
    if (!this.before) throw new Error("No stroke is open.");
    const writer = new VarintWriter(256);
    let changed = false;
    for (const [tile, old] of this.before) {
      if (!this.xorTile(tile, old)) continue;
      changed = true;
      writer.varint(tile);
      writeRuns(writer, old);
    }
    this.before = null;
    if (!changed) return null;
    const patch = writer.finish();
    this.onChange?.(patch);
    return patch;
  }

  /** Takes the open stroke back, as if it had never begun. */
  rollback(): void {
    if (!this.before) return;
    for (const [tile, old] of this.before) {
      const { x0, y0, x1, y1 } = this.tileRect(tile);
      const width = x1 - x0;
      for (let y = y0; y < y1; y++) {
        const row = old.subarray((y - y0) * width, (y - y0 + 1) * width);
        this.data.set(row, y * this.width + x0);
      }
      this.touch(this.tileRect(tile));
    }
    this.before = null;
  }

  /** Applies the XOR of a patch: the same call undoes and redoes it. */
  apply(patch: Patch): void {
    if (this.before) throw new Error("A patch cannot be applied within a stroke.");
    const fail = (): never => {
      throw new RangeError("The stored stroke is damaged.");
    };
    const reader = new VarintReader(patch, 0, fail);
    const tiles = this.tilesX * Math.ceil(this.height / TILE);
    while (!reader.done) {
      const tile = reader.varint();
      if (tile >= tiles) fail();
      const rect = this.tileRect(tile);
      const width = rect.x1 - rect.x0;
      const size = width * (rect.y1 - rect.y0);
      for (let i = 0; i < size; ) {
        const value = reader.varint();
        const end = i + reader.varint();
        if (end > size || end === i) fail();
        if (value !== 0) this.xorRun(rect, width, i, end, value);
        i = end;
      }
      this.touch(rect);
    }
    this.onChange?.(patch);
  }

  /** What changed since the last call, for the renderer; null when nothing did. */
  takeDirty(): Rect | null {
    const dirty = this.dirty;
    this.dirty = null;
    return dirty;
  }

  /** Turns the copy of a tile into its difference to the tile; whether there is any. */
  private xorTile(tile: number, copy: LabelArray): boolean {
    const { x0, y0, x1, y1 } = this.tileRect(tile);
    const width = x1 - x0;
    const words = wordsOf(copy);
    const per = 4 / copy.BYTES_PER_ELEMENT;
    let differs = 0;
    if (words && this.words && this.width % per === 0 && width % per === 0) {
      const step = width / per;
      for (let y = y0, i = 0; y < y1; y++) {
        const row = (y * this.width + x0) / per;
        for (let k = 0; k < step; k++, i++) differs |= words[i] ^= this.words[row + k];
      }
    } else {
      for (let y = y0, i = 0; y < y1; y++) {
        const row = y * this.width + x0;
        for (let k = 0; k < width; k++, i++) differs |= copy[i] ^= this.data[row + k];
      }
    }
    return differs !== 0;
  }

  /** Applies a value to the pixels [from, to) of a tile `width` wide, counted row by row. */
  private xorRun(rect: Rect, width: number, from: number, to: number, value: number): void {
    for (let i = from; i < to; ) {
      const column = i % width;
      const end = Math.min(to, i - column + width);
      let at = (rect.y0 + (i - column) / width) * this.width + rect.x0 + column;
      for (; i < end; i++) this.data[at++] ^= value;
    }
  }

  private touch({ x0, y0, x1, y1 }: Rect): void {
    const { dirty } = this;
    if (!dirty) {
      this.dirty = { x0, y0, x1, y1 };
      return;
    }
    if (x0 < dirty.x0) dirty.x0 = x0;
    if (y0 < dirty.y0) dirty.y0 = y0;
    if (x1 > dirty.x1) dirty.x1 = x1;
    if (y1 > dirty.y1) dirty.y1 = y1;
  }

  private tileRect(tile: number): Rect {
    const x0 = (tile % this.tilesX) * TILE;
    const y0 = Math.floor(tile / this.tilesX) * TILE;
    return { x0, y0, x1: Math.min(this.width, x0 + TILE), y1: Math.min(this.height, y0 + TILE) };
  }

  private copyTile(tile: number): LabelArray {
    const { x0, y0, x1, y1 } = this.tileRect(tile);
    const width = x1 - x0;
    const copy = allocate(this.dtype, width * (y1 - y0));
    const per = 4 / copy.BYTES_PER_ELEMENT;
    const even = this.width % per === 0 && width % per === 0;
    // Word by word: this is in the way of the hand, and a view for every row takes ten times as long.
    const [from, to] = even && this.words ? [this.words, wordsOf(copy)!] : [this.data, copy];
    const [step, stride, start] = from === this.words ? [width / per, this.width / per, x0 / per] : [width, this.width, x0];
    for (let y = y0, i = 0; y < y1; y++) {
      const row = y * stride + start;
      for (let k = 0; k < step; k++) to[i++] = from[row + k];
    }
    return copy;
  }
}

function writeRuns(writer: VarintWriter, values: LabelArray): void {
  const words = wordsOf(values);
  for (let start = 0; start < values.length; ) {
    const value = values[start];
    const end = runEnd(values, words, start, value);
    writer.varint(value);
    writer.varint(end - start);
    start = end;
  }
}
