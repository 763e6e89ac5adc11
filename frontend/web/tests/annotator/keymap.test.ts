import { describe, expect, test } from "vitest";
import { ACTIONS, command, type Action, type KeyPress } from "../../src/annotator/keymap.ts";

function press(key: string, modifiers: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers };
}

describe("keys", () => {
  test("of the tools are those of other programs", () => {
    for (const [key, action] of [["b", "brush"], ["E", "eraser"], ["l", "lasso"], ["g", "fill"], ["s", "smart"], ["k", "split"], ["j", "merge"], ["a", "object"], ["i", "pick"], ["u", "unsure"], ["v", "interpolate"], ["c", "copy"], ["[", "smaller"], ["+", "larger"], ["d", "previousSlice"], ["f", "nextSlice"], ["o", "outline"], ["?", "help"]]) {
      expect(command(press(key), {})).toMatchObject({ kind: "action", action });
    }
  });

  test("undo, redo and hand in", () => {
    expect(command(press("z", { ctrlKey: true }), {})).toEqual({ kind: "undo" });
    expect(command(press("Z", { ctrlKey: true, shiftKey: true }), {})).toEqual({ kind: "redo" });
    expect(command(press("y", { metaKey: true }), {})).toEqual({ kind: "redo" });
    expect(command(press("Enter", { ctrlKey: true }), {})).toEqual({ kind: "submit" });
  });

  test("brackets typed with AltGr are brackets", () => {
    expect(command(press("]", { ctrlKey: true, altKey: true }), {})).toMatchObject({ action: "larger" });
  });

  test("leave the browser's own chords alone", () => {
    for (const key of ["b", "f", "d", "+", "-", "0", "Tab"]) expect(command(press(key, { ctrlKey: true }), {})).toBeNull();
    expect(command(press("Tab"), {})).toBeNull();
  });

  test("stand for one action each", () => {
    const keys = (Object.keys(ACTIONS) as Action[]).flatMap((action) => ACTIONS[action] as readonly string[]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("that a person chose go before the standard ones", () => {
    expect(command(press("s"), { help: "s" })).toMatchObject({ action: "help" });
  });

  test("can be changed, and the old key is free then", () => {
    expect(command(press("p"), { brush: "p" })).toMatchObject({ action: "brush" });
    expect(command(press("b"), { brush: "p" })).toBeNull();
  });

  test("of one letter can be switched off, the others stay", () => {
    expect(command(press("b"), {}, false)).toBeNull();
    expect(command(press("1"), {}, false)).toBeNull();
    expect(command(press("ArrowLeft"), {}, false)).toMatchObject({ kind: "move", dx: -1 });
    expect(command(press("Enter", { ctrlKey: true }), {}, false)).toEqual({ kind: "submit" });
  });

  test("digits choose classes, zero fits", () => {
    expect(command(press("4"), {})).toEqual({ kind: "class", value: 4 });
    expect(command(press("0"), {})).toMatchObject({ action: "fit" });
  });

  test("Shift and I mean a new object", () => {
    expect(command(press("I", { shiftKey: true }), {})).toEqual({ kind: "action", action: "pick", shift: true });
  });

  test("Shift and N go back", () => {
    expect(command(press("N", { shiftKey: true }), {})).toEqual({ kind: "action", action: "nextPatch", shift: true });
  });
});
