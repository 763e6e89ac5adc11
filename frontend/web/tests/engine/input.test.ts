// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { PointerInput, type Gestures } from "../../src/engine/input.ts";

let target: HTMLElement;
let calls: string[];
let paint: boolean;
let input: PointerInput;

beforeEach(() => {
  document.body.innerHTML = "<div></div>";
  target = document.body.firstElementChild as HTMLElement;
  target.setPointerCapture = () => undefined;
  calls = [];
  paint = true;
  const note = (name: string) => (...values: unknown[]): void => {
    calls.push([name, ...values.filter((v) => typeof v === "number").map((v) => Math.round(v as number))].join(" "));
  };
  const gestures: Gestures = {
    canPaint: () => paint,
    paintStart: note("start"), paintMove: note("move"), paintEnd: note("end"), paintCancel: note("cancel"),
    panBy: note("pan"), zoomAt: note("zoom"), hover: () => undefined, flip: note("flip"), resizeBrush: note("size"),
  };
  input = new PointerInput(target, gestures);
});

function point(type: string, id: number, kind: string, x = 0, y = 0, extra: Record<string, unknown> = {}): void {
  const event = new Event(`pointer${type}`, { bubbles: true, cancelable: true });
  Object.assign(event, { pointerId: id, pointerType: kind, clientX: x, clientY: y, button: 0 }, extra);
  if ("at" in extra) Object.defineProperty(event, "timeStamp", { value: extra.at });
  target.dispatchEvent(event);
}

function wheel(deltaY: number, extra: Record<string, unknown> = {}): void {
  const event = new Event("wheel", { bubbles: true, cancelable: true });
  Object.assign(event, { deltaY, deltaX: 0, deltaMode: 0, clientX: 0, clientY: 0, ctrlKey: false, metaKey: false, shiftKey: false }, extra);
  target.dispatchEvent(event);
}

describe("pointers", () => {
  test("the mouse paints, with every coalesced position", () => {
    point("down", 1, "mouse");
    const coalesced = [1, 2, 3].map((x) => ({ clientX: x, clientY: 0 }));
    point("move", 1, "mouse", 3, 0, { getCoalescedEvents: () => coalesced });
    point("up", 1, "mouse");
    expect(calls).toEqual(["start", "move", "move", "move", "end"]);
  });

  test("the middle button and held Space pan, the right button does nothing", () => {
    point("down", 1, "mouse", 0, 0, { button: 1 });
    point("move", 1, "mouse", 5, 7);
    point("up", 1, "mouse");
    input.panning = true;
    point("down", 1, "mouse");
    point("move", 1, "mouse", 1, 2);
    point("up", 1, "mouse");
    point("down", 1, "mouse", 0, 0, { button: 2 });
    point("up", 1, "mouse");
    expect(calls).toEqual(["pan 5 7", "pan 1 2"]);
  });

  test("where painting is not allowed the pointer pans", () => {
    paint = false;
    point("down", 1, "mouse");
    point("move", 1, "mouse", 4, 4);
    expect(calls).toEqual(["pan 4 4"]);
  });

  test("a second finger takes the stroke back, then both pan and pinch, and one left over is idle", () => {
    point("down", 1, "touch", 0, 0);
    point("down", 2, "touch", 100, 0);
    point("move", 2, "touch", 200, 0);
    point("up", 2, "touch");
    point("move", 1, "touch", 50, 50);
    point("up", 1, "touch");
    expect(calls).toEqual(["start", "cancel", "pan 50 0", "zoom 2"]);
    point("down", 3, "touch");
    expect(calls.at(-1)).toBe("start");
  });

  test("once a pen was seen it paints and a finger pans", () => {
    point("down", 1, "pen", 0, 0, { at: 1000 });
    point("up", 1, "pen", 0, 0, { at: 1100 });
    point("down", 2, "touch", 0, 0, { at: 9000 });
    point("move", 2, "touch", 3, 0, { at: 9010 });
    point("up", 2, "touch", 0, 0, { at: 9020 });
    expect(calls).toEqual(["start", "end", "pan 3 0"]);
  });

  test("the hand that rests beside a pen is not seen", () => {
    point("down", 1, "pen", 0, 0, { at: 1000 });
    point("down", 2, "touch", 50, 50, { at: 1200 });
    point("move", 2, "touch", 60, 60, { at: 1210 });
    expect(calls).toEqual(["start"]);
  });

  test("a cancelled pointer takes its stroke back", () => {
    point("down", 1, "touch");
    point("cancel", 1, "touch");
    expect(calls).toEqual(["start", "cancel"]);
  });
});

describe("wheel", () => {
  test("flips slices by whole steps, small ones adding up", () => {
    wheel(100);
    [20, 20, 20, 20].forEach((delta) => wheel(delta));
    expect(calls).toEqual(["flip 1", "flip 1", "flip 1"]);
  });

  test("zooms with Ctrl, sizes the brush with Shift", () => {
    wheel(-100, { ctrlKey: true });
    wheel(0, { deltaX: 120, shiftKey: true });
    expect(calls[0]).toMatch(/^zoom/);
    expect(calls[1]).toBe("size -2");
  });

  test("does not flip away from under an open stroke", () => {
    point("down", 1, "mouse");
    wheel(300);
    expect(calls).toEqual(["start"]);
  });
});
