/** The work that would hold up the hand: whole masks coded, filled or interpolated. */
import { decodeAs, deflate, encodeRle, inflate, mostBytes, toBase64, xorRuns } from "../codec.ts";
import { interpolate, type Plan } from "../interpolate.ts";
import type { LabelArray, LabelDtype } from "../labels.ts";
import { sha256Hex } from "../sha256.ts";
import { findRegion, type Grid, type Region } from "../tools/flood.ts";

/** A mask as it is handed in. */
export interface Sealed {
  hash: string;
  /** The packed difference to the proposal, as base64. */
  difference: string;
}

export const JOBS = {
  /** `proposal`: as it was sent; null where nothing was proposed. */
  async seal(mask: LabelArray, proposal: Uint8Array | null, width: number, height: number): Promise<Sealed> {
    const bytes = encodeRle(mask, width, height);
    const shown = proposal && (await inflate(proposal, mostBytes(width, height)));
    const difference = await deflate(shown ? xorRuns(bytes, shown) : bytes);
    return { hash: await sha256Hex(bytes), difference: toBase64(difference) };
  },

  /** The labels of a packed mask, and the hash that names them. Throws MaskError, RangeError. */
  async open(
    packed: Uint8Array, width: number, height: number, dtype: LabelDtype,
  ): Promise<{ labels: LabelArray; hash: string }> {
    const bytes = await inflate(packed, mostBytes(width, height));
    const labels = decodeAs(bytes, { width, height }, dtype);
    return { labels, hash: await sha256Hex(bytes as Uint8Array<ArrayBuffer>) };
  },

  hash: hashOf,

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
