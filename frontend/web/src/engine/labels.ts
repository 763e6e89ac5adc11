/** Label arrays: their types, and the reserved value "unsure" (the greatest of the type). */

export type LabelDtype = "uint8" | "uint16" | "uint32";
export type LabelArray = Uint8Array | Uint16Array | Uint32Array;

/** "Unsure" in the codec's byte stream, whatever type stores the mask. */
export const UNSURE = 0xffffffff;

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array } as const;

export function allocate(dtype: LabelDtype, length: number): LabelArray {
  return new TYPES[dtype](length);
}

export function dtypeOf(labels: LabelArray): LabelDtype {
  if (labels instanceof Uint8Array) return "uint8";
  return labels instanceof Uint16Array ? "uint16" : "uint32";
}

/** The value that means "unsure" in arrays of this type. */
export function unsureOf(dtype: LabelDtype): number {
  return dtype === "uint8" ? 0xff : dtype === "uint16" ? 0xffff : UNSURE;
}

/** The labels as uint32, with "unsure" as 2**32 - 1. Always a copy. */
export function widen(labels: LabelArray): Uint32Array {
  const wide = new Uint32Array(labels);
  if (labels instanceof Uint32Array) return wide;
  const unsure = unsureOf(dtypeOf(labels));
  for (let i = 0; i < wide.length; i++) if (wide[i] === unsure) wide[i] = UNSURE;
  return wide;
}

/** The inverse of `widen`. Throws a RangeError where a label does not fit the type. */
export function narrow(wide: Uint32Array, dtype: LabelDtype): LabelArray {
  if (dtype === "uint32") return wide.slice();
  const unsure = unsureOf(dtype);
  const out = allocate(dtype, wide.length);
  for (let i = 0; i < wide.length; i++) {
    const label = wide[i];
    if (label === UNSURE) out[i] = unsure;
    else if (label < unsure) out[i] = label;
    else throw unfit(label, dtype);
  }
  return out;
}

export function unfit(label: number, dtype: LabelDtype): RangeError {
  return new RangeError(`The mask holds the label ${label}, which ${dtype} cannot store.`);
}
