/** What a session is at, and how safe the work is. */
import type { LabelArray } from "../engine/index.ts";
import type { TaskPayload } from "./types.ts";

export type Phase =
  | { name: "loading" }
  | { name: "work" }
  | { name: "result"; message: string; practised: Promise<Practised> | null }
  | { name: "unsent"; id: string }
  | { name: "refused"; detail: string }
  | { name: "done" }
  | { name: "error"; detail: string };

/** A practice slice, as the volunteer and as the experts drew it. */
export interface Practised {
  task: TaskPayload;
  mine: LabelArray;
  theirs: LabelArray;
}

export type Saved = "none" | "saving" | "saved" | "failed";
