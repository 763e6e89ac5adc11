/** The worker's side of a mirror (see mirror.ts): the mask of one task at a time. */
import type { LabelArray } from "../labels.ts";
import { LabelPlane, type Patch } from "../plane.ts";
import type { Mirrored } from "./mirror.ts";

let held: { number: number; plane: LabelPlane; changes: number } | null = null;

export function hold(number: number, width: number, height: number, labels: LabelArray): void {
  held = { number, plane: new LabelPlane(width, height, labels), changes: 0 };
}

export function followed(number: number, patch: Patch): void {
  if (held?.number !== number) return;
  held.plane.apply(patch);
  held.changes++;
}

/** The labels of a mirror that has seen everything, or null. */
export function reflected({ mirror, changes }: Mirrored): LabelArray | null {
  return held?.number === mirror && held.changes === changes ? held.plane.data : null;
}
