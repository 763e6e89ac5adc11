/** The work that would hold up the hand: whole masks coded, filled or interpolated. */
import { decodeAs, deflate, encodeRle, inflate, mostBytes, toBase64, xorRuns } from "../codec.ts";
import { looksSoftware } from "../render/card.ts";
import { interpolate, type Plan } from "../interpolate.ts";
import { allocate, type LabelArray, type LabelDtype } from "../labels.ts";
import type { Patch } from "../plane.ts";
import { sha256Hex } from "../sha256.ts";
import { findRegion, type Grid, type Region } from "../tools/flood.ts";
import { followed, hold, reflected } from "./held.ts";
import type { Mirrored } from "./mirror.ts";

/** A mask as it is handed in. */
export interface Sealed {
  hash: string;
  /** The packed difference to the proposal, as base64. */
  difference: string;
}

/** The labels of a packed mask, and the hash that names them. */
export interface Opened {
  labels: LabelArray;
  hash: string;
}

export const JOBS = {
  /** `proposal`: as it was sent; null where nothing was proposed. Null where a mirror has missed something. */
  async seal(
    mask: LabelArray | Mirrored, proposal: Uint8Array | null, width: number, height: number,
  ): Promise<Sealed | null> {
    const labels = "mirror" in mask ? reflected(mask) : mask;
    if (!labels) return null;
    const bytes = encodeRle(labels, width, height);
    const shown = proposal && (await inflate(proposal, mostBytes(width, height)));
    const difference = await deflate(shown ? xorRuns(bytes, shown) : bytes);
    return { hash: await sha256Hex(bytes), difference: toBase64(difference) };
  },

  /** Throws MaskError, RangeError. */
  async open(packed: Uint8Array, width: number, height: number, dtype: LabelDtype): Promise<Opened> {
    const bytes = await inflate(packed, mostBytes(width, height));
    const labels = decodeAs(bytes, { width, height }, dtype);
    return { labels, hash: await sha256Hex(bytes as Uint8Array<ArrayBuffer>) };
  },

  /** Opens the proposal of a task and begins its mirror; `mine`: the labels once more, to be drawn on. */
  async begin(
    mirror: number, packed: Uint8Array, width: number, height: number, dtype: LabelDtype,
  ): Promise<Opened & { mine: LabelArray }> {
    const opened = await JOBS.open(packed, width, height, dtype);
    hold(mirror, width, height, opened.labels);
    return { ...opened, mine: opened.labels.slice() };
  },

  /** Begins the mirror of a task without a proposal. */
  beginEmpty(mirror: number, width: number, height: number, dtype: LabelDtype): void {
    hold(mirror, width, height, allocate(dtype, width * height));
  },

  follow(mirror: number, patch: Patch): void {
    followed(mirror, patch);
  },

  hash: hashOf,

  software(): boolean | null {
    return looksSoftware();
  },

  between(first: LabelArray, second: LabelArray, plan: Plan): LabelArray {
    return interpolate(first, second, plan);
  },

  flood(grid: Grid, x: number, y: number): Region {
    return findRegion(grid, x, y);
  },
};

async function hashOf(mask: LabelArray, width: number, height: number): Promise<string> {
  return sha256Hex(encodeRle(mask, width, height));
}

export type Jobs = typeof JOBS;
export type JobName = keyof Jobs;
export type JobResult<N extends JobName> = Awaited<ReturnType<Jobs[N]>>;
