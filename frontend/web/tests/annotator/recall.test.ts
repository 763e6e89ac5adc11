import { expect, test } from "vitest";
import { recallable } from "../../src/annotator/recall.ts";
import type { CorrectionIn, TaskPayload } from "../../src/annotator/types.ts";
import { Editor, LabelPlane } from "../../src/engine/index.ts";
import { same } from "../same.ts";

const task = { width: 100, height: 80 } as TaskPayload;
const body = { id: "c1", comment: "odd", flag: "hard", active_seconds: 31.5 } as CorrectionIn;

test("what was handed in comes back as one step from the proposal", () => {
  const proposal = new Uint8Array(8000).fill(1, 100, 2000);
  const editor = new Editor(new LabelPlane(100, 80, proposal), () => undefined);
  for (const y of [20, 40, 60]) {
    editor.start({ tool: "brush", size: 12, label: 2, remove: false }, { x: 20, y });
    editor.move({ x: 70, y });
    editor.end();
  }
  const { entry, correction, said } = recallable({ task, proposal, editor }, body);
  expect(correction).toBe("c1");
  expect(said).toEqual({ comment: "odd", hard: true, activeSeconds: 31.5 });
  const again = new Editor(new LabelPlane(100, 80, proposal), () => undefined);
  again.history.replay(entry ? [entry] : []);
  expect(same(again.plane.data, editor.plane.data)).toBe(true);
  again.undo();
  expect(same(again.plane.data, proposal)).toBe(true);
});

test("a slice that was right comes back without a step", () => {
  const proposal = new Uint8Array(8000);
  const editor = new Editor(new LabelPlane(100, 80, proposal), () => undefined);
  expect(recallable({ task, proposal, editor }, body).entry).toBeNull();
});
