/**
 * The editor: strokes of the tools on one label plane, with their history. It knows no pointer, no
 * canvas and no server; whoever listens to `onEntry` can write the journal.
 */
import { History, type JournalEntry } from "./history.ts";
import { LabelPlane } from "./plane.ts";
import { paintCapsule, type Point } from "./tools/brush.ts";
import { findRegion, paintRegion } from "./tools/flood.ts";
import { paintPolygon } from "./tools/lasso.ts";

export type Tool = "brush" | "eraser" | "lasso" | "fill";

export interface ToolSettings {
  tool: Tool;
  /** Diameter of brush and eraser in image pixels. */
  size: number;
  label: number;
  /** Lasso and fill take away instead of adding. */
  remove: boolean;
}

/** Why a stroke had no effect, when the person should be told. */
export type Refusal = "open-region";

/** A background region larger than this share that reaches the edge is surely not meant. */
const OPEN_REGION_SHARE = 0.25;

export class Editor {
  readonly plane: LabelPlane;
  readonly history: History;
  private settings: ToolSettings | null = null;
  private last: Point = { x: 0, y: 0 };
  private readonly points: Point[] = [];
  private readonly onEntry: (entry: JournalEntry) => void;

  constructor(plane: LabelPlane, onEntry: (entry: JournalEntry) => void) {
    this.plane = plane;
    this.history = new History(plane);
    this.onEntry = onEntry;
  }

  get active(): boolean {
    return this.settings !== null;
  }

  /** The open lasso path, for drawing it. */
  get path(): readonly Point[] {
    return this.settings?.tool === "lasso" ? this.points : [];
  }

  /** Begins a stroke at a point of the plane. Points may lie outside of it. */
  start(settings: ToolSettings, at: Point): void {
    this.cancel();
    this.settings = { ...settings };
    this.plane.begin();
    this.last = at;
    if (settings.tool === "lasso") this.points.push(at);
    else if (settings.tool !== "fill") this.stamp(at);
  }

  move(to: Point): void {
    if (!this.settings) return;
    const { tool } = this.settings;
    if (tool === "lasso") this.points.push(to);
    else if (tool !== "fill") this.stamp(to);
    this.last = to;
  }

  /** Ends the stroke; returns why it had no effect, if there is something to say. */
  end(): Refusal | null {
    if (!this.settings) return null;
    const { tool, label, remove } = this.settings;
    const value = remove ? 0 : label;
    let refusal: Refusal | null = null;
    if (tool === "lasso") paintPolygon(this.plane, this.points, value);
    if (tool === "fill") refusal = this.fill(value);
    this.finish(tool);
    return refusal;
  }

  /** Takes the open stroke back without a trace. */
  cancel(): void {
    if (!this.settings) return;
    this.plane.rollback();
    this.close();
  }

  clear(): void {
    this.cancel();
    this.plane.begin();
    for (let y = 0; y < this.plane.height; y++) this.plane.fillSpan(y, 0, this.plane.width, 0);
    this.finish("clear");
  }

  undo(): boolean {
    if (this.active || !this.history.undo()) return false;
    this.onEntry({ kind: "undo" });
    return true;
  }

  redo(): boolean {
    if (this.active || !this.history.redo()) return false;
    this.onEntry({ kind: "redo" });
    return true;
  }

  private stamp(to: Point): void {
    const { tool, size, label } = this.settings!;
    paintCapsule(this.plane, this.last, to, size / 2, tool === "eraser" ? 0 : label);
  }

  private fill(value: number): Refusal | null {
    const x = Math.floor(this.last.x);
    const y = Math.floor(this.last.y);
    const region = findRegion(this.plane, x, y);
    if (region.size === 0 || this.plane.at(x, y) === value) return null;
    const share = region.size / (this.plane.width * this.plane.height);
    if (this.plane.at(x, y) === 0 && region.touchesEdge && share > OPEN_REGION_SHARE) {
      return "open-region";
    }
    paintRegion(this.plane, region, value);
    return null;
  }

  private finish(tool: string): void {
    const patch = this.plane.commit();
    this.close();
    if (!patch) return;
    this.history.push(patch);
    this.onEntry({ kind: "stroke", tool, patch });
  }

  private close(): void {
    this.settings = null;
    this.points.length = 0;
  }
}
