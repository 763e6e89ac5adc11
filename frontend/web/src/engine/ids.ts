/** Numbers for new objects, in studies whose labels are ids of objects. */
import { unsureOf, type LabelArray } from "./labels.ts";
import type { LabelPlane } from "./plane.ts";
import { OKABE_ITO } from "./render/scene.ts";

export class ObjectIds {
  private readonly plane: LabelPlane;
  private readonly unsure: number;
  private readonly proposal: LabelArray | null;
  /** The greatest id seen or given out so far; below 0 before the first look. */
  private highest = -1;

  /** No id of the proposal is given out again: to the server it means that very object. */
  constructor(plane: LabelPlane, proposal: LabelArray | null) {
    this.plane = plane;
    this.proposal = proposal;
    this.unsure = unsureOf(plane.dtype);
  }

  /** An id that no object has, of another colour than the object `beside`; null when all are taken. */
  fresh(beside = 0): number | null {
    // The proposal stays as it is, so it is looked through once.
    if (this.highest < 0) this.highest = greatest(this.proposal ?? [], 0, this.unsure);
    this.highest = greatest(this.plane.data, this.highest, this.unsure);
    const alike = beside > 0 && (this.highest + 1 - beside) % OKABE_ITO.length === 0;
    const id = this.highest + (alike ? 2 : 1);
    if (id >= this.unsure) return this.gap();
    this.highest = id;
    return id;
  }

  /** The least id that is free, once the greatest are taken. */
  private gap(): number | null {
    const taken = new Set<number>(this.plane.data);
    for (const id of this.proposal ?? []) taken.add(id);
    for (let id = 1; id < this.unsure; id++) if (!taken.has(id)) return id;
    return null;
  }
}

function greatest(labels: ArrayLike<number>, least: number, unsure: number): number {
  let most = least;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] > most && labels[i] !== unsure) most = labels[i];
  }
  return most;
}
