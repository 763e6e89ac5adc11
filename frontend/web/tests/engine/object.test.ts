import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Editor } from "../../src/engine/editor.ts";
import { ObjectIds } from "../../src/engine/ids.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { same } from "../same.ts";

const SIZE = 9;
const cells = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: SIZE * SIZE, maxLength: SIZE * SIZE }).map((v) => Uint8Array.from(v));

function objectAt(labels: Uint8Array, x: number, y: number): Set<number> {
  const found = new Set<number>();
  const queue: [number, number][] = [[x, y]];
  while (queue.length > 0) {
    const [cx, cy] = queue.pop()!;
    const at = cy * SIZE + cx;
    if (cx < 0 || cy < 0 || cx >= SIZE || cy >= SIZE || found.has(at) || labels[at] !== labels[y * SIZE + x]) continue;
    found.add(at);
    queue.push([cx + 1, cy], [cx - 1, cy], [cx, cy + 1], [cx, cy - 1]);
  }
  return found;
}

function editorOn(mask: Uint8Array, proposal: Uint8Array | null): Editor {
  const plane = new LabelPlane(SIZE, SIZE, mask);
  return new Editor(plane, () => undefined, { proposal, ids: null, intensities: () => null, flood: null });
}

describe("object", () => {
  test("accepts exactly the proposal's object under the pointer, or takes the mask's away", () => {
    fc.assert(
      fc.property(cells, cells, fc.nat(SIZE - 1), fc.nat(SIZE - 1), fc.boolean(), (mask, proposal, x, y, remove) => {
        const editor = editorOn(mask, proposal);
        editor.start({ tool: "object", size: 1, label: 7, remove }, { x: x + 0.3, y: y + 0.9 });
        const refusal = editor.end();
        const source = remove ? mask : proposal;
        const label = source[y * SIZE + x];
        const object = label === 0 ? new Set<number>() : objectAt(source, x, y);
        const expected = mask.map((own, i) => (object.has(i) ? (remove ? 0 : label) : own));
        expect(same(editor.plane.data, expected)).toBe(true);
        if (label === 0) expect(refusal).toBe(remove ? "nothing-marked" : "nothing-proposed");
        else expect(refusal).toBe(same(expected, mask) ? "already-there" : null);
        if (editor.undo()) expect(same(editor.plane.data, mask)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test("without a proposal, or beside the slice, says that nothing is proposed", () => {
    const editor = editorOn(new Uint8Array(SIZE * SIZE), null);
    editor.start({ tool: "object", size: 1, label: 1, remove: false }, { x: 3, y: 3 });
    expect(editor.end()).toBe("nothing-proposed");
    editor.start({ tool: "object", size: 1, label: 1, remove: true }, { x: -3, y: 3 });
    expect(editor.end()).toBe("nothing-marked");
  });
});

test("a whole mask put in place is one step, and none when it is the same", () => {
  fc.assert(
    fc.property(cells, cells, (before, after) => {
      const editor = editorOn(before, null);
      expect(editor.replace("copy", after)).toBe(!same(before, after));
      expect(same(editor.plane.data, after)).toBe(true);
      editor.undo();
      expect(same(editor.plane.data, before)).toBe(true);
    }),
  );
});

describe("numbers for new objects", () => {
  test("are on neither mask nor proposal, and never the same twice", () => {
    fc.assert(
      fc.property(cells, cells, fc.array(fc.nat(40), { maxLength: 12 }), (mask, proposal, beside) => {
        const plane = new LabelPlane(SIZE, SIZE, mask);
        const ids = new ObjectIds(plane, proposal);
        const given = beside.map((id) => ids.fresh(id));
        expect(new Set(given).size).toBe(given.length);
        given.forEach((id, i) => {
          expect(plane.data).not.toContain(id);
          expect(proposal).not.toContain(id);
          // The palette goes round after seven colours.
          if (beside[i] > 0) expect((id! - beside[i]) % 7).not.toBe(0);
        });
      }),
    );
  });

  test("fill the gaps once the greatest is taken, and end", () => {
    const mask = Uint8Array.from({ length: 256 }, (_, i) => (i === 17 ? 255 : i === 255 ? 254 : i));
    const plane = new LabelPlane(16, 16, mask);
    const ids = new ObjectIds(plane, null);
    expect(ids.fresh()).toBe(17);
    plane.begin();
    plane.fillSpan(0, 0, 1, 17);
    expect(ids.fresh()).toBeNull();
  });
});
