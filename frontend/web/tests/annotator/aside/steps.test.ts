/** The first steps: which there are, and what counts as tried. */
import { describe, expect, it } from "vitest";
import { stepsFor, type Step } from "../../../src/annotator/aside/steps.ts";
import type { Workbench } from "../../../src/annotator/workbench.svelte.ts";

interface Parts {
  origin?: "machine" | "none";
  neighbours?: number[];
  doubtful?: object[];
  tool?: string;
  strokes?: number;
  canRedo?: boolean;
  onOwnSlice?: boolean;
  patch?: number;
}

function bench({ origin = "machine", neighbours = [3, 4, 5], doubtful = [{}], tool = "brush", ...rest }: Parts = {}): Workbench {
  const state = { strokes: 0, canRedo: false, onOwnSlice: true, patch: -1, ...rest };
  return { task: { proposal: { origin }, neighbours, doubtful }, hand: { tool }, ...state } as unknown as Workbench;
}

function names(steps: Step[]): string[] {
  return steps.map((step) => (step.kind === "lesson" ? step.html : step.name));
}

function tried(name: string, now: Workbench, strokes = 0): boolean | null {
  const step = stepsFor(bench(), [], true).find((each) => each.kind === "practice" && each.name === name);
  return step?.kind === "practice" && step.tried ? step.tried(now, { strokes }) : null;
}

describe("the first steps", () => {
  it("begin with what the study tells", () => {
    expect(names(stepsFor(bench(), ["<p>one</p>", "<p>two</p>"], true))).toEqual([
      "<p>one</p>", "<p>two</p>", "machine", "paint", "erase", "undo", "slices", "patches", "end",
    ]);
  });

  it("leave out what this slice does not have", () => {
    const bare = bench({ origin: "none", neighbours: [4], doubtful: [] });
    expect(names(stepsFor(bare, [], true))).toEqual(["paint", "erase", "undo", "end"]);
  });

  it("are the study's alone for who knows the tools", () => {
    expect(names(stepsFor(bench(), ["<p>one</p>"], false))).toEqual(["<p>one</p>"]);
  });

  it("take a stroke of the right tool since the step began for tried", () => {
    expect(tried("paint", bench({ strokes: 1 }))).toBe(true);
    expect(tried("paint", bench({ strokes: 1 }), 1)).toBe(false);
    expect(tried("paint", bench({ strokes: 1, tool: "eraser" }))).toBe(false);
    expect(tried("erase", bench({ strokes: 2, tool: "eraser" }), 1)).toBe(true);
  });

  it("see an undo, a flip and a visit", () => {
    expect(tried("undo", bench({ canRedo: true }))).toBe(true);
    expect(tried("slices", bench({ onOwnSlice: false }))).toBe(true);
    expect(tried("patches", bench({ patch: 0 }))).toBe(true);
    for (const name of ["undo", "slices", "patches"]) expect(tried(name, bench())).toBe(false);
    expect(tried("end", bench())).toBeNull();
  });
});
