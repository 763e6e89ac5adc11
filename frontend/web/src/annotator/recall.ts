/** What is kept of a slice that was handed in, so that it can be called back and drawn better. */
import { LabelPlane, replaceLabels, type JournalEntry } from "../engine/index.ts";
import type { Draft } from "./store/database.ts";
import type { CorrectionIn, TaskPayload } from "./types.ts";

export interface Recallable {
  task: TaskPayload;
  /** Id of the correction. */
  correction: string;
  /** From the proposal to what was handed in, as one step back; null where nothing was changed. */
  entry: JournalEntry | null;
  said: Pick<Draft, "comment" | "hard" | "activeSeconds">;
}

/** `bench`: the workbench on which the correction was made. */
export function recallable(
  { task, proposal, editor }: { task: TaskPayload; proposal: LabelPlane["data"]; editor: { plane: LabelPlane } },
  { id, comment, flag, active_seconds }: CorrectionIn,
): Recallable {
  const plane = new LabelPlane(task.width, task.height, proposal);
  plane.begin();
  replaceLabels(plane, editor.plane.data);
  const patch = plane.commit();
  return {
    task,
    correction: id,
    entry: patch && { kind: "stroke", tool: "recall", patch },
    said: { comment, hard: flag === "hard", activeSeconds: active_seconds },
  };
}
