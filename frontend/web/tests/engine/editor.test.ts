import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Editor } from "../../src/engine/editor.ts";
import type { JournalEntry } from "../../src/engine/history.ts";
import { ObjectIds } from "../../src/engine/ids.ts";
import type { LabelArray, LabelDtype } from "../../src/engine/labels.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import type { Surroundings, Tool } from "../../src/engine/tools/stroke.ts";
import { same } from "../same.ts";

const WIDTH = 150;
const HEIGHT = 131;

interface StrokeLog {
  kind: "stroke";
  tool: Tool;
  size: number;
  label: number;
  remove: boolean;
  cancelled: boolean;
  points: { x: number; y: number }[];
}
type LogEntry = StrokeLog | { kind: "undo" } | { kind: "redo" } | { kind: "clear" };

const point = fc.record({
  x: fc.double({ min: -10, max: WIDTH + 10, noNaN: true }),
  y: fc.double({ min: -10, max: HEIGHT + 10, noNaN: true }),
});

function entries(labels: number[]): fc.Arbitrary<LogEntry> {
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("stroke" as const),
        tool: fc.constantFrom<Tool>("brush", "brush", "eraser", "smart", "lasso", "fill", "split", "merge", "object"),
        size: fc.double({ min: 1, max: 40, noNaN: true }),
        label: fc.constantFrom(...labels),
        remove: fc.boolean(),
        cancelled: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
        points: fc.array(point, { minLength: 1, maxLength: 6 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ kind: "undo" as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: "redo" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "clear" as const }) },
  );
}

function perform(editor: Editor, entry: LogEntry): void {
  if (entry.kind !== "stroke") {
    editor[entry.kind]();
    return;
  }
  const [first, ...rest] = entry.points;
  editor.start(entry, first);
  rest.forEach((to) => editor.move(to));
  if (entry.cancelled) editor.cancel();
  else editor.end();
}

function start(dtype: LabelDtype): LabelPlane {
  const plane = new LabelPlane(WIDTH, HEIGHT, dtype);
  for (let i = 0; i < plane.data.length; i += 13) plane.data[i] = 1;
  return plane;
}

/** A proposal of squares, an image of stripes, and labels that are objects. */
function surroundings(plane: LabelPlane): Surroundings {
  const proposal = plane.data.map((_, i) => (((i % WIDTH) >> 4) + (Math.floor(i / WIDTH) >> 4)) % 3);
  return {
    proposal,
    ids: new ObjectIds(plane, proposal),
    intensities: () => ({ at: (x) => (x % 40 < 25 ? 90 : 200) }),
    flood: null,
  };
}

describe.each(["uint8", "uint16", "uint32"] as const)("random work on %s", (dtype) => {
  const labels = dtype === "uint8" ? [1, 2, 255] : dtype === "uint16" ? [1, 700, 65535] : [1, 70_000, 0xffffffff];

  test("is undone and done again bit by bit, and restored from its journal", () => {
    fc.assert(
      fc.property(fc.array(entries(labels), { maxLength: 12 }), (log) => {
        const journal: JournalEntry[] = [];
        const plane = start(dtype);
        const editor = new Editor(plane, (entry) => journal.push(entry), surroundings(plane));
        // The oracle keeps whole copies.
        const done: LabelArray[] = [];
        const undone: LabelArray[] = [];
        let now: LabelArray = plane.data.slice();
        for (const entry of log) {
          perform(editor, entry);
          if (entry.kind === "undo") {
            const earlier = done.pop();
            if (earlier) {
              undone.push(now);
              now = earlier;
            }
          } else if (entry.kind === "redo") {
            const later = undone.pop();
            if (later) {
              done.push(now);
              now = later;
            }
          } else if (!plane.data.every((label, i) => label === now[i])) {
            done.push(now);
            undone.length = 0;
            now = plane.data.slice();
          }
          expect(same(plane.data, now)).toBe(true);
          expect(editor.history.canUndo).toBe(done.length > 0);
          expect(editor.history.canRedo).toBe(undone.length > 0);
        }
        const again = new Editor(start(dtype), () => undefined);
        again.history.replay(journal);
        expect(same(again.plane.data, now)).toBe(true);
        while (again.undo());
        expect(same(again.plane.data, start(dtype).data)).toBe(true);
      }),
      { numRuns: 170 },
    );
  });
});

test("a cancelled stroke leaves labels, history and journal as they were", () => {
  const journal: JournalEntry[] = [];
  const plane = start("uint8");
  const editor = new Editor(plane, (entry) => journal.push(entry));
  editor.start({ tool: "brush", size: 30, label: 2, remove: false }, { x: 40, y: 40 });
  editor.move({ x: 90, y: 90 });
  editor.cancel();
  expect(same(plane.data, start("uint8").data)).toBe(true);
  expect(editor.history.canUndo).toBe(false);
  expect(journal).toEqual([]);
});

test("nothing changes while the mask is handed in", () => {
  const journal: JournalEntry[] = [];
  const editor = new Editor(start("uint8"), (entry) => journal.push(entry));
  const brush = { tool: "brush", size: 30, label: 2, remove: false } as const;
  for (const x of [40, 100]) {
    editor.start(brush, { x, y: 40 });
    editor.end();
  }
  editor.undo();
  const [mask, lines] = [editor.plane.data.slice(), journal.length];
  editor.held = true;
  editor.start(brush, { x: 90, y: 90 });
  editor.end();
  editor.undo();
  editor.redo();
  editor.clear();
  editor.replace("copy", new Uint8Array(WIDTH * HEIGHT));
  expect(same(editor.plane.data, mask)).toBe(true);
  expect(journal).toHaveLength(lines);
  editor.held = false;
  expect(editor.redo()).toBe(true);
});

test("a stroke that changes nothing is not remembered", () => {
  const editor = new Editor(new LabelPlane(64, 64, "uint8"), () => undefined);
  editor.start({ tool: "eraser", size: 10, label: 1, remove: false }, { x: 5, y: 5 });
  editor.end();
  expect(editor.history.canUndo).toBe(false);
});

test("filling an open background is refused, filling a hole is not", () => {
  const editor = new Editor(new LabelPlane(100, 100, "uint8"), () => undefined);
  editor.start({ tool: "fill", size: 1, label: 1, remove: false }, { x: 50, y: 50 });
  expect(editor.end()).toBe("open-region");
  editor.start({ tool: "lasso", size: 1, label: 1, remove: false }, { x: 20, y: 20 });
  for (const [x, y] of [[80, 20], [80, 80], [20, 80]]) editor.move({ x, y });
  editor.end();
  editor.start({ tool: "lasso", size: 1, label: 1, remove: true }, { x: 40, y: 40 });
  for (const [x, y] of [[60, 40], [60, 60], [40, 60]]) editor.move({ x, y });
  editor.end();
  expect(editor.plane.at(50, 50)).toBe(0);
  editor.start({ tool: "fill", size: 1, label: 1, remove: false }, { x: 50, y: 50 });
  expect(editor.end()).toBeNull();
  expect(editor.plane.at(50, 50)).toBe(1);
});

test("the undo entry of a median stroke stays under 32 KB on a 4096 x 4096 slice", () => {
  const sizes: number[] = [];
  const editor = new Editor(new LabelPlane(4096, 4096, "uint8"), (entry) => {
    if (entry.kind === "stroke") sizes.push(entry.patch.length);
  });
  for (let i = 0; i < 9; i++) {
    editor.start({ tool: "brush", size: 20 + 10 * i, label: 1, remove: false }, { x: 200, y: 300 * (i + 1) });
    for (let k = 1; k < 40; k++) editor.move({ x: 200 + 25 * k, y: 300 * (i + 1) + 60 * Math.sin(k / 3) });
    editor.end();
  }
  expect(sizes.sort((a, b) => a - b)[4]).toBeLessThan(32 * 1024);
});

test("dirty rectangles cover every changed pixel", () => {
  fc.assert(
    fc.property(fc.array(entries([1, 2]), { minLength: 1, maxLength: 6 }), (log) => {
      const plane = start("uint8");
      const editor = new Editor(plane, () => undefined, surroundings(plane));
      for (const entry of log) {
        const before = plane.data.slice();
        plane.takeDirty();
        perform(editor, entry);
        const dirty = plane.takeDirty();
        const missed = [...plane.data.keys()].filter((i) => {
          const x = i % WIDTH;
          const y = Math.floor(i / WIDTH);
          const covered = dirty && x >= dirty.x0 && x < dirty.x1 && y >= dirty.y0 && y < dirty.y1;
          return plane.data[i] !== before[i] && !covered;
        });
        expect(missed).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
});
