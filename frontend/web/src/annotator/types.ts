/** What the correction page and the server say to each other (see the OpenAPI description). */
import type { LabelDtype } from "../engine/index.ts";

export interface OtherStudy {
  slug: string;
  title: string;
  url: string;
}

/** What the page itself tells the island. */
export interface PageData {
  study: string;
  csrf: string;
  /** Consent text of the study; empty for the standard one. */
  consent: string;
  /** Address of the study's own page. */
  home: string;
  others: OtherStudy[];
}

/** What a volunteer would rather be given next: the best, the cube they know, an easy one. */
export const WISHES = ["any", "familiar", "easy"] as const;
export type Wish = (typeof WISHES)[number];

export interface LabelClass {
  value: number;
  name: string;
  color: string;
}

export interface DoubtfulPatch {
  y0: number;
  x0: number;
  height: number;
  width: number;
  score: number;
}

export interface CubeLevel {
  level: number;
  shape: [number, number, number];
  scale: [number, number, number];
}

export interface TaskPayload {
  assignment_id: string;
  lease_until: string;
  task_id: number;
  kind: "work" | "practice";
  study: {
    slug: string;
    title: string;
    guide_html: string;
    /** What the study tells before the first slice, card by card. */
    lessons: string[];
    consent_version: string;
    classes: LabelClass[];
    label_dtype: LabelDtype;
    /** Labels are ids of objects, not classes. */
    instances: boolean;
  };
  cube: {
    id: number | string;
    name: string;
    shape: [number, number, number];
    levels: CubeLevel[];
    tile: number;
    version: string;
    /** Type of the voxels, and the intensities that are black and white in tiles. */
    dtype: string;
    low: number;
    high: number;
    unit: "nanometer" | "micrometer" | "millimeter" | null;
    voxel_size: [number, number, number];
  };
  z: number;
  y0: number;
  x0: number;
  height: number;
  width: number;
  round: number | null;
  neighbours: number[];
  proposal: { url: string; hash: string; origin: "machine" | "none" };
  doubtful: DoubtfulPatch[];
  /** The volunteer likes this slice. */
  favourite: boolean;
  /** What the study's team says about this slice, e.g. when it was sent back; may be empty. */
  note: string;
}

export interface CorrectionIn {
  id: string;
  proposal_hash: string;
  mask_hash: string;
  /** Base64 of the packed XOR of mask and proposal. */
  difference: string;
  active_seconds: number;
  strokes: number;
  flag: "" | "hard";
  comment: string;
  consent_version: string;
}

export interface CorrectionOut {
  id: string;
  task_id: number;
  changed_voxels: number;
  supersedes: string | null;
  message: string;
}
