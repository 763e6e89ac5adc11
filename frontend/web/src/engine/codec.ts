/**
 * The mask codec: canonical run-length bytes of a label mask, their hash and their transport form.
 *
 * A mask has H rows of W labels, row-major. Its canonical bytes are
 *
 *     "LM1"  varint H  varint W  (varint value, varint length)*
 *
 * with maximal runs (neighbours differ in value), every length at least 1, the lengths adding up to
 * H * W, and "unsure" always as 2**32 - 1. One mask has exactly one such byte string, so the sha256
 * of these bytes names the mask; transport is their zlib form. The server has the same codec, and
 * both are tested on the same vectors. Decoders refuse whatever `encodeRle` could not have written,
 * and allocate nothing before they have checked the header.
 */
import { runEnd, wordsOf } from "./runs.ts";
import { sha256Hex } from "./sha256.ts";
import { UNSURE, allocate, dtypeOf, unfit, unsureOf, widen, type LabelArray, type LabelDtype } from "./labels.ts";
import { VarintReader, VarintWriter, type VarintFault } from "./varint.ts";

export const MAX_SIDE = 16384;
export const MAX_UNPACKED = 16 * 2 ** 20;
const MAGIC = [0x4c, 0x4d, 0x31];
const HEADER_BYTES = MAGIC.length + 10;
const MAX_BYTES_PER_VOXEL = 6;

export type MaskFault =
  | "magic" | "header" | "empty" | "side" | "shape" | "run" | "length" | "maximal" | "sum"
  | "zlib" | "cut short" | "too long" | "trailing" | VarintFault;

/** The bytes are not a canonical mask; the message says why, `fault` names it for programs. */
export class MaskError extends Error {
  readonly fault: MaskFault;

  constructor(fault: MaskFault, message: string) {
    super(message);
    this.name = "MaskError";
    this.fault = fault;
  }
}

export interface Shape {
  width: number;
  height: number;
}

export interface DecodedMask extends Shape {
  mask: Uint32Array;
}

export function encodeRle(mask: LabelArray, width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = width * height;
  if (size === 0 || mask.length !== size) {
    throw new MaskError("empty", `A mask of ${mask.length} voxels is not ${height} x ${width}.`);
  }
  const unsure = unsureOf(dtypeOf(mask));
  const words = wordsOf(mask);
  const writer = startMask(width, height);
  for (let start = 0; start < size; ) {
    const value = mask[start];
    const end = runEnd(mask, words, start, value);
    writer.varint(value === unsure ? UNSURE : value);
    writer.varint(end - start);
    start = end;
  }
  return writer.finish();
}

/** Canonical bytes of the difference of two masks of one shape, from theirs; see `xorMasks`. */
export function xorRuns(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const a = new Runs(one);
  const b = new Runs(other);
  if (a.width !== b.width || a.height !== b.height) {
    throw new MaskError("shape", "Masks of two shapes have no difference.");
  }
  const writer = startMask(a.width, a.height);
  let value = -1;
  let length = 0;
  for (let left = a.width * a.height; left > 0; ) {
    const step = Math.min(a.fill(), b.fill(), left);
    const difference = (a.value ^ b.value) >>> 0;
    if (difference !== value) {
      if (length > 0) {
        writer.varint(value);
        writer.varint(length);
      }
      value = difference;
      length = 0;
    }
    length += step;
    a.left -= step;
    b.left -= step;
    left -= step;
  }
  writer.varint(value);
  writer.varint(length);
  return writer.finish();
}

/** The runs of canonical bytes, one after the other. */
class Runs {
  readonly width: number;
  readonly height: number;
  value = 0;
  /** What is left of the run. */
  left = 0;
  private readonly reader: VarintReader;

  constructor(bytes: Uint8Array) {
    this.reader = new VarintReader(bytes, MAGIC.length, failNumber);
    ({ width: this.width, height: this.height } = readHeader(this.reader));
  }

  /** Pixels left of the run, the next one begun if it was at its end. */
  fill(): number {
    // Bytes of a run of nothing, which nobody should have let in, end in an error and not in a loop.
    while (this.left === 0) {
      this.value = this.reader.varint();
      this.left = this.reader.varint();
    }
    return this.left;
  }
}

function startMask(width: number, height: number): VarintWriter {
  const writer = new VarintWriter(1024);
  for (const byte of MAGIC) writer.byte(byte);
  writer.varint(height);
  writer.varint(width);
  return writer;
}

export function decodeRle(bytes: Uint8Array, expected?: Shape): DecodedMask {
  return decodeInto(bytes, expected, (size) => new Uint32Array(size), (value) => value);
}

/** The labels as a type stores them. Throws a RangeError where one does not fit. */
export function decodeAs(bytes: Uint8Array, expected: Shape, dtype: LabelDtype): LabelArray {
  const unsure = unsureOf(dtype);
  return decodeInto(bytes, expected, (size) => allocate(dtype, size), (value) => {
    if (value === UNSURE) return unsure;
    if (value >= unsure) throw unfit(value, dtype);
    return value;
  }).mask;
}

function decodeInto<T extends LabelArray>(
  bytes: Uint8Array, expected: Shape | undefined, make: (size: number) => T, stored: (value: number) => number,
): Shape & { mask: T } {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new MaskError("magic", "These bytes are not a mask: they do not begin with LM1.");
  }
  const reader = new VarintReader(bytes, MAGIC.length, failNumber);
  const { height, width } = readHeader(reader, expected);
  const size = width * height;
  const mask = make(size);
  let filled = 0;
  let last = -1;
  while (!reader.done) {
    const value = reader.varint();
    if (reader.done) throw new MaskError("run", "The mask ends in the middle of a run.");
    const length = reader.varint();
    if (length === 0) throw new MaskError("length", "The mask holds a run of length 0.");
    if (value === last) {
      throw new MaskError("maximal", "The mask holds two neighbouring runs of the same value.");
    }
    if (filled + length > size) throw wrongSum(height, width);
    if (value !== 0) mask.fill(stored(value), filled, filled + length);
    filled += length;
    last = value;
  }
  if (filled !== size) throw wrongSum(height, width);
  return { mask, width, height };
}

/** Transport form of a mask. */
export async function pack(mask: LabelArray, width: number, height: number): Promise<Uint8Array> {
  return deflate(encodeRle(mask, width, height));
}

/** The mask of a transport form; never inflates more than a mask of the expected shape can need. */
export async function unpack(packed: Uint8Array, expected?: Shape): Promise<DecodedMask> {
  const limit = expected ? mostBytes(expected.width, expected.height) : MAX_UNPACKED;
  return decodeRle(await inflate(packed, limit), expected);
}

/** Most bytes that a mask of this shape can take before it is packed. */
export function mostBytes(width: number, height: number): number {
  return HEADER_BYTES + MAX_BYTES_PER_VOXEL * width * height;
}

/** Lower-case hex sha256 of the canonical bytes. */
export async function maskHash(mask: LabelArray, width: number, height: number): Promise<string> {
  return sha256Hex(encodeRle(mask, width, height));
}

/** Element-wise difference of two masks of one shape, as uint32; its own inverse. */
export function xorMasks(mask: LabelArray, other: LabelArray): Uint32Array {
  if (mask.length !== other.length) {
    throw new MaskError("shape", "Masks of two shapes have no difference.");
  }
  const difference = widen(mask);
  const wide = widen(other);
  for (let i = 0; i < difference.length; i++) difference[i] ^= wide[i];
  return difference;
}

export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function inflate(packed: Uint8Array, limit: number): Promise<Uint8Array> {
  if (packed.length === 0) throw new MaskError("cut short", "The packed mask is cut short.");
  const source = new Blob([packed as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new MaskError("zlib", "The packed mask is not whole and valid zlib data.");
    });
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw new MaskError("too long", `The packed mask inflates to more than ${limit} bytes.`);
    }
    chunks.push(value);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  // Not every platform refuses what follows the end of the stream, which is the checksum of `out`.
  const end = packed.length - 4;
  if (end < 0 || new DataView(packed.buffer, packed.byteOffset).getUint32(end) !== adler32(out)) {
    throw new MaskError("trailing", "The packed mask is followed by other bytes.");
  }
  return out;
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length; ) {
    // The most sums that fit 32 bits before the remainder has to be taken.
    const stop = Math.min(bytes.length, i + 5552);
    for (; i < stop; i++) b += a += bytes[i];
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

function readHeader(reader: VarintReader, expected?: Shape): Shape {
  let height: number;
  let width: number;
  try {
    height = reader.varint();
    width = reader.varint();
  } catch (error) {
    if (!(error instanceof MaskError) || error.fault !== "number") throw error;
    throw new MaskError("header", "The header of the mask is cut short.");
  }
  if (height === 0 || width === 0) {
    throw new MaskError("empty", `A mask of ${height} x ${width} voxels is empty.`);
  }
  if (expected) {
    if (height !== expected.height || width !== expected.width) {
      throw new MaskError(
        "shape",
        `The mask is ${height} x ${width} voxels, where ${expected.height} x ${expected.width} were expected.`,
      );
    }
  } else if (Math.max(height, width) > MAX_SIDE) {
    throw new MaskError("side", `A mask of ${height} x ${width} voxels is larger than ${MAX_SIDE} on a side.`);
  }
  return { height, width };
}

function wrongSum(height: number, width: number): MaskError {
  return new MaskError("sum", `The runs of the mask do not cover ${height} x ${width} voxels.`);
}

function failNumber(fault: VarintFault): never {
  const messages: Record<VarintFault, string> = {
    number: "The mask ends in the middle of a number.",
    bits: "The mask holds a number of more than 32 bits.",
    shortest: "The mask holds a number that is not in its shortest form.",
  };
  throw new MaskError(fault, messages[fault]);
}
