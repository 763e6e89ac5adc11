/** The hand: the tool it holds, and what pointer or keys do with it on the task's own slice. */
import { within, type Point, type PointerInput, type Refusal, type Tool } from "../engine/index.ts";
import { moved } from "./keyboard-cursor.ts";
import { t } from "./messages.ts";
import { REFUSALS } from "./refusals.ts";
import { settings } from "./settings.svelte.ts";
import type { Workbench } from "./workbench.svelte.ts";

/** Picking looks at the mask and changes nothing, so it is no tool of the editor. */
export type BenchTool = Tool | "pick";

export class Hand {
  tool = $state<BenchTool>("brush");
  /** The tools that can take away do so. */
  remove = $state(false);
  pointer = $state<{ x: number; y: number; kind: string } | null>(null);

  private cursor: Point | null = null;
  private latest: Hand["pointer"] = null;
  private following = 0;
  /** What was in the hand before picking. */
  private before: Tool = "brush";

  constructor(private readonly bench: Workbench) {}

  /** `aloud`: its name is shown as well as said. */
  choose(tool: BenchTool, aloud = false): void {
    if (this.bench.editor.active) this.giveUp();
    if (this.tool !== "pick") this.before = this.tool;
    this.tool = tool;
    const name = t(`tool.${tool}`);
    if (aloud) this.bench.host.toast(name);
    else this.bench.host.say(t("say.tool", { tool: name }));
    this.bench.stage?.invalidateOverlay();
  }

  /** Picks the label under the pointer; without one over the canvas, the next tap picks. */
  pickHere(): void {
    const { latest: pointer, bench } = this;
    const { stage } = bench;
    if (!stage || !pointer || !bench.onOwnSlice) this.choose("pick");
    else this.pick(this.toPlane({ x: pointer.x * stage.ratio, y: pointer.y * stage.ratio }));
  }

  newObject(): void {
    const { labels, host } = this.bench;
    if (!labels.ids) return;
    if (labels.newObject()) host.say(t("say.newObject", { id: labels.value }));
    else host.toast(t("canvas.noIds"));
  }

  /** Arrow keys: moves the keyboard's cursor by screen pixels, and the view with it at the edge. */
  moveCursor(dx: number, dy: number, far: boolean): void {
    const { stage } = this.bench;
    if (!stage) return;
    // From here on Enter means the canvas, not the button that had the focus.
    this.bench.takeFocus();
    this.cursor = moved(stage, this.cursor, dx, dy, far);
    const shown = stage.view.toScreen(this.cursor.x, this.cursor.y);
    this.pointer = this.latest = { x: shown.x / stage.ratio, y: shown.y / stage.ratio, kind: "keyboard" };
    stage.marks.cursor = this.cursor;
    stage.invalidate();
  }

  /** Enter: applies the tool at the keyboard's cursor; a path gets a corner and ends with Shift. */
  stamp(shift: boolean): void {
    const { editor, task, clock, host } = this.bench;
    if (!this.cursor) this.moveCursor(0, 0, false);
    if (!this.cursor || !this.allowPaint()) return;
    clock.note(performance.now());
    const at = { x: this.cursor.x - task.x0, y: this.cursor.y - task.y0 };
    if (this.tool === "pick") return this.pick(at);
    if (this.tool === "lasso" || this.tool === "split" || this.tool === "merge") {
      if (!editor.active) {
        this.begin(at, false);
        host.toast(t(`canvas.${this.tool}Keys`));
      } else {
        editor.move(at);
        if (shift) this.finish();
      }
      this.showPath();
      return;
    }
    this.begin(at, shift);
    this.finish();
  }

  /** Esc: gives up what is open, else returns to the own slice. */
  escape(): void {
    const { editor, task } = this.bench;
    if (editor.active) this.giveUp();
    else this.bench.flipTo(task.z);
  }

  gestures(): ConstructorParameters<typeof PointerInput>[1] {
    const { bench } = this;
    const { editor, clock } = bench;
    return {
      canPaint: () => this.allowPaint(),
      paintStart: (at, event) => {
        clock.note(event.timeStamp);
        this.hideCursor();
        if (this.tool === "pick" || event.altKey) this.pick(this.toPlane(at));
        else this.begin(this.toPlane(at), event.shiftKey);
      },
      paintMove: (to) => {
        editor.move(this.toPlane(to));
        if (editor.path.length > 0) this.showPath();
        else bench.stage!.invalidateLabels();
      },
      paintEnd: () => {
        clock.note(performance.now());
        this.finish();
      },
      paintCancel: () => this.giveUp(),
      panBy: (dx, dy) => {
        bench.stage!.view.panBy(dx, dy);
        bench.viewMoved();
      },
      zoomAt: (at, factor) => {
        bench.stage!.view.zoomAt(at.x, at.y, factor);
        bench.viewMoved();
      },
      hover: (at, kind) => {
        const { ratio } = bench.stage!;
        this.follow(at && { x: at.x / ratio, y: at.y / ratio, kind });
      },
      flip: (slices) => bench.flipTo(bench.z + slices),
      resizeBrush: (steps) => bench.resizeBrush(steps),
    };
  }

  /** Draws the path that is open, or none. */
  showPath(): void {
    const { editor, task: { x0, y0 } } = this.bench;
    const stage = this.bench.stage!;
    stage.marks.path = editor.path.map((p) => ({ x: p.x + x0, y: p.y + y0 }));
    stage.marks.closed = editor.pathClosed;
    stage.invalidateOverlay();
  }

  /** The ring follows once a frame: pointers report several times as often. */
  private follow(to: Hand["pointer"]): void {
    this.latest = to;
    if (to === null || this.pointer === null) {
      this.pointer = to;
      return;
    }
    this.following ||= requestAnimationFrame(() => {
      this.following = 0;
      this.pointer = this.latest;
    });
  }

  private begin(at: Point, shift: boolean): void {
    if (this.tool === "pick") return;
    const { editor, labels, stage } = this.bench;
    const remove = this.remove !== shift;
    editor.start({ tool: this.tool, label: labels.value, remove, size: settings.size }, at);
    stage!.invalidateLabels();
  }

  private finish(): void {
    const { bench, latest: pointer } = this;
    const stage = bench.stage!;
    if (pointer) bench.focus = stage.view.toImage(pointer.x * stage.ratio, pointer.y * stage.ratio);
    this.done(bench.editor.end());
    // What takes long comes in by itself, and the hand stays free to move the view.
    void bench.editor.settling?.then((refusal) => this.done(refusal));
  }

  private done(refusal: Refusal | null): void {
    const { stage, host } = this.bench;
    if (refusal) host.toast(t(REFUSALS[refusal]));
    // Meanwhile the page may have gone on to another task.
    if (!stage) return;
    stage.invalidateLabels();
    this.showPath();
  }

  private giveUp(): void {
    this.bench.editor.cancel();
    this.bench.stage!.invalidateLabels();
    this.showPath();
  }

  private pick(at: Point): void {
    const { editor: { plane }, labels, host } = this.bench;
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (this.tool === "pick") this.tool = this.before;
    if (!within(plane, x, y) || !labels.pick(plane.at(x, y))) return host.toast(t("canvas.nothingMarked"));
    host.say(t("say.picked", { name: labels.name }));
  }

  private allowPaint(): boolean {
    const { onOwnSlice, editor, host, task } = this.bench;
    if (!onOwnSlice) host.toast(t("canvas.cannotPaint", { own: task.z + 1 }));
    else if (editor.held) host.toast(t("bar.submitting"));
    return onOwnSlice && !editor.held;
  }

  /** From device pixels of the canvas to pixels of the plane. */
  private toPlane(at: Point): Point {
    const { stage, task } = this.bench;
    const { x, y } = stage!.view.toImage(at.x, at.y);
    return { x: x - task.x0, y: y - task.y0 };
  }

  private hideCursor(): void {
    this.cursor = null;
    const stage = this.bench.stage!;
    if (!stage.marks.cursor) return;
    stage.marks.cursor = null;
    stage.invalidateOverlay();
  }
}
