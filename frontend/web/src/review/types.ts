/** The review API, as the island sees it (consensus/api.py). */
import type { PyramidLevel } from "../engine/pyramid.ts";

export interface Item {
  id: number;
  task_id: number;
  cube_id: number;
  cube: string;
  cube_version: string;
  z: number;
  depth: number;
  round: number | null;
  reason: string;
  retired_because: string;
  score: number | null;
  expected_error: number | null;
  audit: boolean;
  agreement: number;
  changed_share: number;
  masks: number;
  needs_review: boolean;
  created: string;
}

/** Numbers come with the first page alone; 10,001 means more than 10,000. */
export interface Queue {
  items: Item[];
  after: string;
  total: number | null;
  waiting: number | null;
  contested: number | null;
  doubted: number | null;
}

export interface Filter {
  only: Only;
  cube: string;
  round: string;
  label: string;
  volunteer: string;
}

/** What the queue can be filtered by, as the page hands it over. */
export interface Choices {
  cubes: { id: number; name: string }[];
  rounds: number[];
  classes: { value: number; name: string }[];
}

export interface Correction {
  id: string;
  volunteer: string;
  volunteer_id: string;
  active_seconds: number;
  strokes: number;
  changed_voxels: number;
  flag: string;
  comment: string;
  late: boolean;
  created: string;
}

export interface Verdict {
  id: number;
  consensus_id: number;
  task_id: number;
  kind: "accept" | "send_back" | "fix";
  word: string;
  note: string;
  manager: string;
  created: string;
  undone: boolean;
}

export interface LabelClass {
  value: number;
  name: string;
  color: string;
}

export interface Detail extends Item {
  y0: number;
  x0: number;
  height: number;
  width: number;
  cube_full: {
    id: number;
    name: string;
    shape: [number, number, number];
    levels: PyramidLevel[];
    tile: number;
    version: string;
    low: number;
    high: number;
    unit: string | null;
    voxel_size: [number, number, number];
  };
  classes: LabelClass[];
  instances: boolean;
  origin: "machine" | "none";
  state: string;
  fixed_by: string;
  mask_hash: string;
  corrections: Correction[];
  verdicts: Verdict[];
}

export interface Bulk {
  qualify: number;
  count: number;
  highest: number | null;
  mean: number | null;
  changed_share: number | null;
  batch: string | null;
}

/** What the viewer shows over the image; `n` is a correction's place. */
export type Layer = "image" | "proposal" | "correction" | "consensus" | "disagreement";

export type Only = "" | "contested" | "doubted" | "audit" | "flagged";
