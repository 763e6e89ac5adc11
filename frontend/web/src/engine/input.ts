/**
 * Pointers to gestures. Mouse, pen and touch end up as the same few calls:
 *
 *   - the primary button, a pen or a finger paints; coalesced positions are all used
 *   - the middle button, or Space held, pans; the wheel flips slices, with Ctrl zooms, with Shift sizes
 *   - once a pen has been seen, single fingers pan, and touches within half a second of it are its hand
 *   - a second finger takes the stroke back and pans and pinches
 */
import type { Point } from "./tools/stroke.ts";

export interface Gestures {
  /** Whether a stroke may begin now; when not, the pointer pans. */
  canPaint(): boolean;
  paintStart(at: Point, event: PointerEvent): void;
  paintMove(to: Point): void;
  paintEnd(): void;
  paintCancel(): void;
  /** Everything in device pixels of the canvas. */
  panBy(dx: number, dy: number): void;
  zoomAt(at: Point, factor: number): void;
  hover(at: Point | null, kind: string): void;
  flip(slices: number): void;
  resizeBrush(steps: number): void;
}

const PALM_MS = 500;
const WHEEL_SLICE = 60;
/** A wheel that has rested this long starts counting anew. */
const WHEEL_REST_MS = 250;

const CORNER_MS = 200;

type Mode = "idle" | "paint" | "pan" | "pinch";

export class PointerInput {
  private mode: Mode = "idle";
  private readonly pointers = new Map<number, Point>();
  private penSeen = false;
  private lastPen = -Infinity;
  private wheel = 0;
  private lastWheel = 0;
  /** Where the target's corner was in the window, and when. */
  private corner: Point | null = null;
  private cornerSeen = 0;
  /** Set while Space is held. */
  panning = false;
  private readonly target: HTMLElement;
  private readonly gestures: Gestures;
  private readonly controller = new AbortController();

  constructor(target: HTMLElement, gestures: Gestures) {
    this.target = target;
    this.gestures = gestures;
    const { signal } = this.controller;
    target.addEventListener("pointerdown", (e) => this.down(e), { signal });
    target.addEventListener("pointermove", (e) => this.move(e), { signal });
    target.addEventListener("pointerup", (e) => this.up(e), { signal });
    target.addEventListener("pointercancel", (e) => this.lost(e), { signal });
    target.addEventListener("pointerleave", () => this.gestures.hover(null, ""), { signal });
    target.addEventListener("wheel", (e) => this.scroll(e), { signal, passive: false });
    target.addEventListener("contextmenu", (e) => e.preventDefault(), { signal });
  }

  dispose(): void {
    this.controller.abort();
  }

  private at(event: MouseEvent): Point {
    // Asking makes the browser lay the page out, which is too much for a stroke: nothing moves meanwhile.
    const old = this.mode === "idle" && event.timeStamp - this.cornerSeen > CORNER_MS;
    if (!this.corner || old) {
      const { left, top } = this.target.getBoundingClientRect();
      this.corner = { x: left, y: top };
      this.cornerSeen = event.timeStamp;
    }
    const ratio = window.devicePixelRatio;
    return { x: (event.clientX - this.corner.x) * ratio, y: (event.clientY - this.corner.y) * ratio };
  }

  private down(event: PointerEvent): void {
    if (event.pointerType === "pen") {
      this.penSeen = true;
      this.lastPen = event.timeStamp;
    } else if (event.pointerType === "touch" && event.timeStamp - this.lastPen < PALM_MS) {
      return;
    }
    if (event.button > 1) return;
    this.target.focus({ preventScroll: true });
    event.preventDefault();
    this.corner = null;
    this.target.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size > 1) {
      if (this.mode === "paint") this.gestures.paintCancel();
      this.mode = "pinch";
      this.gestures.hover(null, "");
      return;
    }
    const finger = event.pointerType === "touch" && this.penSeen;
    const pans = event.button === 1 || this.panning || finger || !this.gestures.canPaint();
    this.mode = pans ? "pan" : "paint";
    if (this.mode === "paint") {
      this.gestures.hover(at, event.pointerType);
      this.gestures.paintStart(at, event);
    }
  }

  private move(event: PointerEvent): void {
    if (event.pointerType === "pen") this.lastPen = event.timeStamp;
    const at = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (event.pointerType !== "touch" || this.mode === "paint") {
      this.gestures.hover(at, event.pointerType);
    }
    if (!before) return;
    if (this.mode === "paint") {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length > 0 ? events : [event]) this.gestures.paintMove(this.at(each));
    } else if (this.mode === "pan") {
      this.gestures.panBy(at.x - before.x, at.y - before.y);
    } else if (this.mode === "pinch" && this.pointers.size === 2) {
      this.pinch(event.pointerId, before, at);
    }
    this.pointers.set(event.pointerId, at);
  }

  private pinch(id: number, before: Point, at: Point): void {
    const [, other] = [...this.pointers].find(([key]) => key !== id)!;
    const spread = (p: Point): number => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    this.gestures.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.gestures.zoomAt(middle, spread(at) / spread(before));
  }

  private up(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.mode === "paint") this.gestures.paintEnd();
    if (event.pointerType === "touch") this.gestures.hover(null, "");
    // After a pinch the finger that stays does nothing until it is lifted too.
    if (this.pointers.size === 0) this.mode = "idle";
  }

  private lost(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.mode === "paint") this.gestures.paintCancel();
    if (this.pointers.size === 0) this.mode = "idle";
  }

  private scroll(event: WheelEvent): void {
    event.preventDefault();
    // Shift turns the wheel sideways in most browsers.
    const raw = event.deltaY || event.deltaX;
    const delta = raw * (event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 400 : 1);
    if (event.ctrlKey || event.metaKey) {
      const limited = Math.max(-80, Math.min(80, delta));
      this.gestures.zoomAt(this.at(event), Math.exp(-limited * 0.006));
      return;
    }
    if (event.timeStamp - this.lastWheel > WHEEL_REST_MS) this.wheel = 0;
    this.lastWheel = event.timeStamp;
    this.wheel += delta;
    const steps = Math.trunc(this.wheel / WHEEL_SLICE);
    if (steps === 0) return;
    this.wheel -= steps * WHEEL_SLICE;
    if (event.shiftKey) this.gestures.resizeBrush(-steps);
    else if (this.mode !== "paint") this.gestures.flip(steps);
  }
}
