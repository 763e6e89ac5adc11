/** Undo and redo by stroke, over the patches of a label plane. */
import type { LabelPlane, Patch } from "./plane.ts";

/** One line of the journal: what to do again after a reload to stand where the person stood. */
export type JournalEntry =
  | { kind: "stroke"; tool: string; patch: Patch }
  | { kind: "undo" }
  | { kind: "redo" };

export class History {
  private readonly plane: LabelPlane;
  private readonly done: Patch[] = [];
  private readonly undone: Patch[] = [];
  private readonly limit: number;
  private bytes = 0;

  /** `limit`: bytes of patches that are kept; the oldest go first. */
  constructor(plane: LabelPlane, limit = 64 * 2 ** 20) {
    this.plane = plane;
    this.limit = limit;
  }

  /** Strokes that can be undone. */
  get depth(): number {
    return this.done.length;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Takes in a stroke that has just been committed to the plane. */
  push(patch: Patch): void {
    for (const gone of this.undone.splice(0)) this.bytes -= gone.length;
    this.done.push(patch);
    this.bytes += patch.length;
    while (this.bytes > this.limit && this.done.length > 1) {
      this.bytes -= this.done.shift()!.length;
    }
  }

  undo(): boolean {
    const patch = this.done.pop();
    if (!patch) return false;
    this.plane.apply(patch);
    this.undone.push(patch);
    return true;
  }

  redo(): boolean {
    const patch = this.undone.pop();
    if (!patch) return false;
    this.plane.apply(patch);
    this.done.push(patch);
    return true;
  }

  /** Brings plane and history to where a journal ended. */
  replay(entries: Iterable<JournalEntry>): void {
    for (const entry of entries) {
      if (entry.kind === "undo") this.undo();
      else if (entry.kind === "redo") this.redo();
      else {
        this.plane.apply(entry.patch);
        this.push(entry.patch);
      }
    }
  }
}
