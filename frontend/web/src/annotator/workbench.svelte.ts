/** The workbench: one task under the hand. Tools, view and marks, as the components see them. */
import {
  Editor, LabelPlane, PointerInput, scaleBar, Stage, within,
  type JournalEntry, type LabelArray, type Point, type Style, type Tool,
} from "../engine/index.ts";
import { ActiveClock } from "./active-clock.ts";
import { limited, stepped } from "./brush-size.ts";
import { moved } from "./keyboard-cursor.ts";
import { LabelChoice } from "./label-choice.svelte.ts";
import { styleOf } from "./look.ts";
import { MachineLayers } from "./machine-layers.ts";
import { t } from "./messages.ts";
import { NeighbourMasks, sayingOf, type TakeOver } from "./neighbour-masks.ts";
import { REFUSALS } from "./refusals.ts";
import { remember, settings } from "./settings.svelte.ts";
import type { TaskPayload } from "./types.ts";

export interface WorkbenchHost {
  /** A change of the mask has to be put on disk. */
  onEntry(entry: JournalEntry): void;
  /** The proposal of a neighbouring slice, or null. */
  neighbour(z: number): Promise<LabelArray | null>;
  say(text: string): void;
  toast(text: string): void;
}

/** Picking looks at the mask and changes nothing, so it is no tool of the editor. */
export type BenchTool = Tool | "pick";

export class Workbench {
  readonly task: TaskPayload;
  readonly editor: Editor;
  readonly proposal: LabelArray;
  readonly clock: ActiveClock;
  strokes: number;
  /** Slice on show; drawing is possible on the task's own slice alone. */
  z = $state(0);
  tool = $state<BenchTool>("brush");
  readonly labels: LabelChoice;
  /** The tools that can take away do so. */
  remove = $state(false);
  /** Neighbours' masks are under way. */
  takingOver = $state(false);
  canUndo = $state(false);
  canRedo = $state(false);
  hidden = $state(false);
  marks = $state(true);
  patch = $state(-1);
  scaleBar = $state({ pixels: 0, label: "" });
  /** Diameter of the brush on the screen in CSS pixels, along x and y. */
  brush = $state({ width: 0, height: 0 });
  pointer = $state<{ x: number; y: number; kind: string } | null>(null);
  /** Where in the slice the person works: the side views follow it. */
  focus = $state.raw<Point>({ x: 0, y: 0 });
  complete = $state(false);

  private stage: Stage | null = null;
  private input: PointerInput | null = null;
  private observer: ResizeObserver | null = null;
  private element: HTMLElement | null = null;
  private cursor: Point | null = null;
  private readonly host: WorkbenchHost;
  private readonly machine: MachineLayers;
  private readonly neighbours: NeighbourMasks;
  /** What was in the hand before picking. */
  private before: Tool = "brush";

  constructor(task: TaskPayload, proposal: LabelArray, host: WorkbenchHost, earlier: { journal: JournalEntry[]; seconds: number }) {
    this.task = task;
    this.proposal = proposal;
    this.host = host;
    this.machine = new MachineLayers(task, proposal, (z) => host.neighbour(z));
    this.neighbours = new NeighbourMasks(task, this.machine);
    this.z = task.z;
    this.focus = { x: task.x0 + task.width / 2, y: task.y0 + task.height / 2 };
    this.clock = new ActiveClock(earlier.seconds);
    this.strokes = earlier.journal.filter((entry) => entry.kind === "stroke").length;
    const plane = new LabelPlane(task.width, task.height, proposal);
    this.labels = new LabelChoice(task, plane, proposal);
    this.editor = new Editor(plane, (entry) => {
      if (entry.kind === "stroke") this.strokes++;
      this.refresh();
      host.onEntry(entry);
    }, {
      proposal: this.machine.own?.data ?? null,
      ids: this.labels.ids,
      intensities: () => this.stage?.intensities() ?? null,
    });
    this.editor.history.replay(earlier.journal);
    this.labels.begin();
    this.refresh();
  }

  get onOwnSlice(): boolean {
    return this.z === this.task.z;
  }

  /** First and last slice that can be looked at. */
  get range(): [number, number] {
    const all = [this.task.z, ...this.task.neighbours];
    return [Math.min(...all), Math.max(...all)];
  }

  attach(host: HTMLElement, image: HTMLCanvasElement, overlay: HTMLCanvasElement): void {
    const { task, editor } = this;
    const { cube } = task;
    this.stage = new Stage({
      image,
      overlay,
      source: { cubeId: cube.id, version: cube.version, tile: cube.tile, levels: cube.levels },
      plane: editor.plane,
      machine: this.machine.own,
      region: { x0: task.x0, y0: task.y0, x1: task.x0 + task.width, y1: task.y0 + task.height },
      z: task.z,
      neighbours: Math.min(2, task.neighbours.length),
      palette: this.labels.palette,
      style: this.style(1),
      aspect: cube.voxel_size[1] / cube.voxel_size[2],
      onTileError: () => this.host.toast(t("canvas.tileError")),
      onFrame: (complete) => (this.complete = complete),
    });
    this.input = new PointerInput(host, this.gestures());
    this.element = host;
    host.focus({ preventScroll: true });
    let fitted = false;
    this.observer = new ResizeObserver(() => {
      if (host.clientWidth === 0) return;
      this.stage!.resize(host.clientWidth, host.clientHeight, window.devicePixelRatio);
      if (!fitted) this.stage!.fit();
      fitted = true;
      this.restyle();
    });
    this.observer.observe(host);
  }

  detach(): void {
    this.observer?.disconnect();
    this.input?.dispose();
    this.stage?.dispose();
    this.stage = null;
  }

  /** Takes over what has changed in settings and state that the drawing depends on. */
  restyle(): void {
    const { stage } = this;
    if (!stage) return;
    stage.style = this.style(stage.ratio);
    const show = settings.patches && this.marks && !this.hidden && this.onOwnSlice;
    stage.marks.patches = !show ? [] : this.task.doubtful.map((patch) => ({
      x0: patch.x0, y0: patch.y0, x1: patch.x0 + patch.width, y1: patch.y0 + patch.height,
    }));
    stage.marks.current = this.patch;
    stage.invalidate();
    this.measure();
  }

  choose(tool: BenchTool): void {
    this.editor.cancel();
    if (this.tool !== "pick") this.before = this.tool;
    this.tool = tool;
    this.host.say(t("say.tool", { tool: t(`tool.${tool}`) }));
    this.stage?.invalidateOverlay();
  }

  /** Picks the label under the pointer; without one over the canvas, the next tap picks. */
  pickHere(): void {
    const { stage, pointer } = this;
    if (!stage || !pointer || !this.onOwnSlice) this.choose("pick");
    else this.pick(this.toPlane({ x: pointer.x * stage.ratio, y: pointer.y * stage.ratio }));
  }

  newObject(): void {
    if (!this.labels.ids) return;
    if (this.labels.newObject()) this.host.say(t("say.newObject", { id: this.labels.value }));
    else this.host.toast(t("canvas.noIds"));
  }

  /** Puts what neighbouring slices say in place of the mask, as one step of the history. */
  async takeOver(how: TakeOver): Promise<void> {
    if (this.takingOver) return;
    this.takingOver = true;
    const found = await this.neighbours[how](this.z).catch(() => null);
    this.takingOver = false;
    // Meanwhile the page may have gone on to another task.
    if (!this.stage) return;
    if (!found) return this.host.toast(t("take.none"));
    // A stroke that is still open counts as done: nobody's work goes without a step back to it.
    this.editor.end();
    this.flipTo(this.task.z);
    const changed = this.editor.replace(how, found.labels);
    this.host.toast(changed ? sayingOf(found) : t("take.same"));
    this.stage.invalidateLabels();
    this.showPath();
  }

  resizeBrush(steps: number): void {
    this.setSize(stepped(settings.size, steps));
  }

  setSize(size: number): void {
    settings.size = limited(size);
    remember();
    this.measure();
  }

  flipTo(z: number): void {
    const [from, to] = this.range;
    const target = Math.min(to, Math.max(from, z));
    if (target === this.z) return;
    this.editor.cancel();
    this.z = target;
    this.clock.note(performance.now());
    const layer = this.machine.of(target);
    this.stage?.showSlice(target, layer ?? null);
    this.restyle();
    if (layer === undefined) void this.loadNeighbour(target);
  }

  undo(): void {
    if (this.editor.undo()) this.host.say(t("say.undone"));
    this.stage?.invalidateLabels();
  }

  redo(): void {
    if (this.editor.redo()) this.host.say(t("say.redone"));
    this.stage?.invalidateLabels();
  }

  clear(): void {
    this.editor.clear();
    this.stage?.invalidateLabels();
  }

  fit(): void {
    this.stage?.fit();
    this.measure();
  }

  zoom(factor: number): void {
    const { stage } = this;
    if (!stage) return;
    stage.view.zoomAt(stage.view.canvas.width / 2, stage.view.canvas.height / 2, factor);
    stage.invalidate();
    this.measure();
  }

  /** Goes to the next (or previous) patch that the discriminator doubts. */
  visitPatch(step: number): void {
    const { doubtful } = this.task;
    if (doubtful.length === 0 || !this.stage) return;
    this.flipTo(this.task.z);
    settings.patches = true;
    const from = this.patch < 0 && step < 0 ? 0 : this.patch;
    this.patch = (from + step + doubtful.length) % doubtful.length;
    const patch = doubtful[this.patch];
    const margin = 1.5 * Math.max(patch.width, patch.height);
    this.stage.view.fit({
      x0: patch.x0 - margin, y0: patch.y0 - margin,
      x1: patch.x0 + patch.width + margin, y1: patch.y0 + patch.height + margin,
    });
    this.focus = { x: patch.x0 + patch.width / 2, y: patch.y0 + patch.height / 2 };
    this.restyle();
    this.host.say(t("panel.patchOf", { at: this.patch + 1, count: doubtful.length }));
  }

  holdPan(on: boolean): void {
    if (this.input) this.input.panning = on;
  }

  /** Arrow keys: moves the keyboard's cursor by screen pixels, and the view with it at the edge. */
  moveCursor(dx: number, dy: number, far: boolean): void {
    const { stage } = this;
    if (!stage) return;
    // From here on Enter means the canvas, not the button that had the focus.
    this.element?.focus({ preventScroll: true });
    this.cursor = moved(stage, this.cursor, dx, dy, far);
    const shown = stage.view.toScreen(this.cursor.x, this.cursor.y);
    this.pointer = { x: shown.x / stage.ratio, y: shown.y / stage.ratio, kind: "keyboard" };
    stage.marks.cursor = this.cursor;
    stage.invalidate();
  }

  /** Enter: applies the tool at the keyboard's cursor; a path gets a corner and ends with Shift. */
  stamp(shift: boolean): void {
    if (!this.cursor) this.moveCursor(0, 0, false);
    if (!this.cursor || !this.allowPaint()) return;
    this.clock.note(performance.now());
    const at = { x: this.cursor.x - this.task.x0, y: this.cursor.y - this.task.y0 };
    if (this.tool === "pick") return this.pick(at);
    if (this.tool === "lasso" || this.tool === "split") {
      if (!this.editor.active) {
        this.begin(at, false);
        this.host.toast(t(this.tool === "lasso" ? "canvas.lassoKeys" : "canvas.splitKeys"));
      } else {
        this.editor.move(at);
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
    if (this.editor.active) {
      this.editor.cancel();
      this.showPath();
      this.stage?.invalidateLabels();
    } else {
      this.flipTo(this.task.z);
    }
  }

  retryTiles(): void {
    this.stage?.retryTiles();
  }

  private gestures(): ConstructorParameters<typeof PointerInput>[1] {
    const moved = (): void => {
      this.stage!.invalidate();
      this.measure();
    };
    return {
      canPaint: () => this.allowPaint(),
      paintStart: (at, event) => {
        this.clock.note(event.timeStamp);
        this.hideCursor();
        if (this.tool === "pick" || event.altKey) this.pick(this.toPlane(at));
        else this.begin(this.toPlane(at), event.shiftKey);
      },
      paintMove: (to) => {
        this.editor.move(this.toPlane(to));
        if (this.editor.path.length > 0) this.showPath();
        else this.stage!.invalidateLabels();
      },
      paintEnd: () => {
        this.clock.note(performance.now());
        this.finish();
      },
      paintCancel: () => {
        this.editor.cancel();
        this.stage!.invalidateLabels();
        this.showPath();
      },
      panBy: (dx, dy) => {
        this.stage!.view.panBy(dx, dy);
        moved();
      },
      zoomAt: (at, factor) => {
        this.stage!.view.zoomAt(at.x, at.y, factor);
        moved();
      },
      hover: (at, kind) => {
        const ratio = this.stage!.ratio;
        this.pointer = at && { x: at.x / ratio, y: at.y / ratio, kind };
      },
      flip: (slices) => this.flipTo(this.z + slices),
      resizeBrush: (steps) => this.resizeBrush(steps),
    };
  }

  private allowPaint(): boolean {
    if (this.onOwnSlice) return true;
    this.host.toast(t("canvas.cannotPaint", { own: this.task.z + 1 }));
    return false;
  }

  /** From device pixels of the canvas to pixels of the plane. */
  private toPlane(at: Point): Point {
    const { x, y } = this.stage!.view.toImage(at.x, at.y);
    return { x: x - this.task.x0, y: y - this.task.y0 };
  }

  private pick(at: Point): void {
    const { plane } = this.editor;
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (this.tool === "pick") this.tool = this.before;
    if (!within(plane, x, y) || !this.labels.pick(plane.at(x, y))) return this.host.toast(t("canvas.nothingMarked"));
    this.host.say(t("say.picked", { name: this.labels.name }));
  }

  private begin(at: Point, shift: boolean): void {
    if (this.tool === "pick") return;
    const remove = this.remove !== shift;
    this.editor.start({ tool: this.tool, label: this.labels.value, remove, size: settings.size }, at);
    this.stage!.invalidateLabels();
  }

  private finish(): void {
    const at = this.pointer && this.stage!.view.toImage(this.pointer.x * this.stage!.ratio, this.pointer.y * this.stage!.ratio);
    if (at) this.focus = at;
    const refusal = this.editor.end();
    if (refusal) this.host.toast(t(REFUSALS[refusal]));
    this.stage!.invalidateLabels();
    this.showPath();
  }

  private showPath(): void {
    const { x0, y0 } = this.task;
    this.stage!.marks.path = this.editor.path.map((p) => ({ x: p.x + x0, y: p.y + y0 }));
    this.stage!.marks.closed = this.editor.pathClosed;
    this.stage!.invalidateOverlay();
  }

  private hideCursor(): void {
    this.cursor = null;
    if (!this.stage!.marks.cursor) return;
    this.stage!.marks.cursor = null;
    this.stage!.invalidateOverlay();
  }

  private refresh(): void {
    this.canUndo = this.editor.history.canUndo;
    this.canRedo = this.editor.history.canRedo;
  }

  private style(ratio: number): Style {
    const shown = this.marks && !this.hidden;
    return styleOf(settings, ratio, { mine: shown && this.onOwnSlice, machine: shown });
  }

  private measure(): void {
    const { stage } = this;
    if (!stage) return;
    const { view, ratio } = stage;
    const [, , voxel] = this.task.cube.voxel_size;
    this.scaleBar = scaleBar(voxel, this.task.cube.unit, view.scale / ratio, 120);
    this.brush = {
      width: (settings.size * view.scale) / ratio,
      height: (settings.size * view.scaleY) / ratio,
    };
  }

  private async loadNeighbour(z: number): Promise<void> {
    const layer = await this.machine.fetch(z);
    if (this.z === z && layer) this.stage?.showSlice(z, layer);
  }
}
