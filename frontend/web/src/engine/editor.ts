/**
 * The editor: strokes of the tools on one label plane, with their history. It knows no pointer, no
 * canvas and no server; whoever listens to `onEntry` can write the journal.
 */
import { History, type JournalEntry } from "./history.ts";
import type { LabelArray } from "./labels.ts";
import type { LabelPlane } from "./plane.ts";
import { TOOLS } from "./tools/registry.ts";
import { replaceLabels } from "./tools/replace.ts";
import type { Later, Point, Refusal, Stroke, Surroundings, ToolSettings } from "./tools/stroke.ts";

const NOTHING: Surroundings = { proposal: null, ids: null, intensities: () => null, flood: null };

export class Editor {
  readonly plane: LabelPlane;
  readonly history: History;
  private stroke: Stroke | null = null;
  /** Name of the open stroke's tool. */
  private tool = "";
  /** Set while the mask is handed in: what came after would be in no mask, so nothing is changed. */
  held = false;
  /** Resolves once a stroke that has ended is worked out; null where none is under way. */
  settling: Promise<Refusal | null> | null = null;
  private readonly onEntry: (entry: JournalEntry) => void;
  private readonly surroundings: Surroundings;

  constructor(plane: LabelPlane, onEntry: (entry: JournalEntry) => void, surroundings = NOTHING) {
    this.plane = plane;
    this.history = new History(plane);
    this.onEntry = onEntry;
    this.surroundings = surroundings;
  }

  get active(): boolean {
    return this.stroke !== null;
  }

  /** The open path, for drawing it; empty for tools without one. */
  get path(): readonly Point[] {
    return this.stroke?.path ?? [];
  }

  /** Whether the open path stands for the area inside it. */
  get pathClosed(): boolean {
    return this.stroke?.closed ?? false;
  }

  /** Begins a stroke at a point of the plane, unless the last one is still being worked out. */
  start(settings: ToolSettings, at: Point): void {
    if (this.settling || this.held) return;
    this.cancel();
    this.tool = settings.tool;
    this.plane.begin();
    this.stroke = TOOLS[settings.tool]({ ...this.surroundings, plane: this.plane, settings: { ...settings } });
    this.stroke.start(at);
  }

  move(to: Point): void {
    this.stroke?.move(to);
  }

  /**
   * Ends the stroke; returns why it had no effect, if there is something to say. Where it takes
   * long the stroke stays open, and `settling` tells.
   */
  end(): Refusal | null {
    if (!this.stroke || this.settling) return null;
    const outcome = this.stroke.end();
    if (outcome instanceof Promise) {
      this.settling = this.settle(this.stroke, outcome);
      return null;
    }
    this.finish(this.tool);
    return outcome;
  }

  /** Takes the open stroke back without a trace. */
  cancel(): void {
    if (!this.stroke) return;
    this.plane.rollback();
    this.stroke = null;
    this.settling = null;
  }

  clear(): void {
    if (this.held) return;
    this.cancel();
    this.plane.begin();
    for (let y = 0; y < this.plane.height; y++) this.plane.fillSpan(y, 0, this.plane.width, 0);
    this.finish("clear");
  }

  /** Puts a whole mask in place of this one, as one step; false when that changed nothing. */
  replace(tool: string, labels: LabelArray): boolean {
    if (this.held) return false;
    this.cancel();
    this.plane.begin();
    replaceLabels(this.plane, labels);
    return this.finish(tool);
  }

  undo(): boolean {
    if (this.active || this.held || !this.history.undo()) return false;
    this.onEntry({ kind: "undo" });
    return true;
  }

  redo(): boolean {
    if (this.active || this.held || !this.history.redo()) return false;
    this.onEntry({ kind: "redo" });
    return true;
  }

  private async settle(stroke: Stroke, later: Later): Promise<Refusal | null> {
    const rest = await later.catch(() => null);
    // Meanwhile it may have been taken back.
    if (this.stroke !== stroke) return null;
    const refusal = rest ? rest() : null;
    this.settling = null;
    this.finish(this.tool);
    return refusal;
  }

  /** Closes the plane's stroke; false when it changed nothing. */
  private finish(tool: string): boolean {
    const patch = this.plane.commit();
    this.stroke = null;
    if (!patch) return false;
    this.history.push(patch);
    this.onEntry({ kind: "stroke", tool, patch });
    return true;
  }
}
