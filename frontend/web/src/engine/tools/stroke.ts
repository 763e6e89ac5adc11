/** What every tool is: a stroke, from where the pointer goes down to where it is lifted. */
import type { ObjectIds } from "../ids.ts";
import type { LabelArray } from "../labels.ts";
import type { LabelPlane } from "../plane.ts";
import type { Grid, Region } from "./flood.ts";

/** A point of the plane in pixels; pixel (0, 0) covers [0, 1) x [0, 1). Strokes may leave the plane. */
export interface Point {
  x: number;
  y: number;
}

export type Tool = "brush" | "eraser" | "smart" | "lasso" | "fill" | "split" | "merge" | "object";

export interface ToolSettings {
  tool: Tool;
  /** Diameter of the brushes in image pixels. */
  size: number;
  label: number;
  /** The tool takes away instead of adding. */
  remove: boolean;
}

/** Why a stroke had no effect, when the person should be told. */
export type Refusal =
  | "open-region"
  | "no-image"
  | "nothing-parted"
  | "nothing-merged"
  | "no-ids"
  | "nothing-proposed"
  | "nothing-marked"
  | "already-there";

/** What a stroke comes to: done, or why not, or something that has to be worked out first. */
export type Outcome = Refusal | null | Later;

/** Resolves to the rest of the stroke, which the editor does if the stroke is still wanted. */
export type Later = Promise<() => Refusal | null>;

/** The image under the plane, as grey values 0..255. */
export interface Intensities {
  /** The grey value of a pixel of the plane, or -1 where the image is not loaded. */
  at(x: number, y: number): number;
}

/** What tools may look at beside the mask. */
export interface Surroundings {
  /** The machine's proposal, as large as the plane; null where there is none. */
  proposal: LabelArray | null;
  /** Gives out numbers for new objects; null where labels are classes. */
  ids: ObjectIds | null;
  /** The image as it is loaded now; null where there is none. */
  intensities(): Intensities | null;
  /** Finds a large region without holding up the hand; null where that is not possible. */
  flood: ((grid: Grid, x: number, y: number) => Promise<Region>) | null;
}

export interface StrokeContext extends Surroundings {
  plane: LabelPlane;
  settings: ToolSettings;
}

/** One stroke of a tool, within an open stroke of the plane. */
export interface Stroke {
  start(at: Point): void;
  move(to: Point): void;
  /** Returns why the stroke had no effect, if there is something to say. */
  end(): Outcome;
  /** The path so far, of tools that work along one that has to be shown. */
  readonly path?: readonly Point[];
  /** Whether the path stands for the area inside it. */
  readonly closed?: boolean;
}

export type MakeStroke = (context: StrokeContext) => Stroke;

/** What a tool that can take away writes. */
export function valueOf({ label, remove }: ToolSettings): number {
  return remove ? 0 : label;
}
