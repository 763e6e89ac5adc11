/** The first steps: what is said in each, and how the page knows that it was tried. */
import type { Workbench } from "../workbench.svelte.ts";

type Named = "machine" | "paint" | "erase" | "undo" | "slices" | "patches" | "end";

export type Step =
  /** A section of what the study itself tells, as clean HTML. */
  | { kind: "lesson"; html: string }
  /** `tried`: whether it was done since the step began; null where there is nothing to do. */
  | { kind: "practice"; name: Named; tried: ((bench: Workbench, begun: Begun) => boolean) | null };

/** The state in which a step began. */
export interface Begun {
  strokes: number;
}

const painted = (tool: "brush" | "eraser") => (bench: Workbench, begun: Begun) =>
  bench.strokes > begun.strokes && bench.hand.tool === tool;

/** `practise`: with the steps that are the same in every study. */
export function stepsFor(bench: Workbench, lessons: readonly string[], practise: boolean): Step[] {
  const steps: Step[] = lessons.map((html) => ({ kind: "lesson", html }));
  if (!practise) return steps;
  const { task } = bench;
  const practice = (name: Named, tried: Extract<Step, { kind: "practice" }>["tried"] = null): void => {
    steps.push({ kind: "practice", name, tried });
  };
  if (task.proposal.origin === "machine") practice("machine");
  practice("paint", painted("brush"));
  practice("erase", painted("eraser"));
  practice("undo", (now) => now.canRedo);
  if (task.neighbours.length > 1) practice("slices", (now) => !now.onOwnSlice);
  if (task.doubtful.length > 0) practice("patches", (now) => now.patch >= 0);
  practice("end");
  return steps;
}
