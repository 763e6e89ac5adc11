/** The workbench: one task under the hand. Slices, view and marks, as the components see them. */
import {
  Editor, PointerInput, scaleBar, Stage,
  type Heavy, type JournalEntry, type LabelArray, type LabelPlane, type Point, type Style,
} from "../engine/index.ts";
import { ActiveClock } from "./active-clock.ts";
import { limited, stepped } from "./brush-size.ts";
import { noteCanvas } from "./fetch-ahead.ts";
import { Hand } from "./hand.svelte.ts";
import { LabelChoice } from "./label-choice.svelte.ts";
import { exactWindow, styleOf } from "./look.ts";
import { MachineLayers } from "./machine-layers.ts";
import { t } from "./messages.ts";
import { NeighbourMasks, sayingOf, type TakeOver } from "./neighbour-masks.ts";
import { remember, settings } from "./settings.svelte.ts";
import { aspectOf, patchesOf, regionOf } from "./task-place.ts";
import type { TaskPayload } from "./types.ts";

export interface WorkbenchHost {
  /** A change of the mask has to be put on disk. */
  onEntry(entry: JournalEntry): void;
  /** The proposal of a neighbouring slice, or null. */
  neighbour(z: number): Promise<LabelArray | null>;
  say(text: string): void;
  toast(text: string): void;
  readonly heavy: Heavy;
  /** Whether there is no graphics card, where that is known. */
  readonly software: boolean | null;
}

/** Contrast that has not been changed for so long is looked at. */
const SHARPEN_MS = 250;

interface Mark {
  depth: number;
  strokes: number;
  seconds: number;
}

export class Workbench {
  readonly task: TaskPayload;
  readonly editor: Editor;
  readonly proposal: LabelArray;
  readonly clock: ActiveClock;
  strokes = $state(0);
  /** Slice on show; drawing is possible on the task's own slice alone. */
  z = $state(0);
  readonly hand: Hand;
  readonly labels: LabelChoice;
  /** Neighbours' masks are under way. */
  takingOver = $state(false);
  canUndo = $state(false);
  canRedo = $state(false);
  favourite = $state(false);
  hidden = $state(false);
  marks = $state(true);
  patch = $state(-1);
  scaleBar = $state({ pixels: 0, label: "" });
  /** Diameter of the brush on the screen in CSS pixels, along x and y. */
  brush = $state({ width: 0, height: 0 });
  /** Where in the slice the person works: the side views follow it. */
  focus = $state.raw<Point>({ x: 0, y: 0 });
  complete = $state(false);

  /** Where the slice is drawn; null while no canvas is attached. */
  stage: Stage | null = null;
  readonly host: WorkbenchHost;
  private input: PointerInput | null = null;
  private sharpening: ReturnType<typeof setTimeout> | undefined;
  private observer: ResizeObserver | null = null;
  private element: HTMLElement | null = null;
  private readonly machine: MachineLayers;
  private readonly neighbours: NeighbourMasks;

  /** `plane`: what is drawn on; it begins as the proposal. */
  constructor(
    task: TaskPayload, proposal: LabelArray, plane: LabelPlane, host: WorkbenchHost,
    earlier: { journal: JournalEntry[]; seconds: number },
  ) {
    this.task = task;
    this.proposal = proposal;
    this.host = host;
    this.machine = new MachineLayers(task, proposal, (z) => host.neighbour(z));
    this.neighbours = new NeighbourMasks(task, this.machine, host.heavy);
    this.z = task.z;
    this.favourite = task.favourite;
    this.focus = { x: task.x0 + task.width / 2, y: task.y0 + task.height / 2 };
    this.clock = new ActiveClock(earlier.seconds);
    this.strokes = earlier.journal.filter((entry) => entry.kind === "stroke").length;
    this.hand = new Hand(this);
    this.labels = new LabelChoice(task, plane, proposal);
    this.editor = new Editor(plane, (entry) => {
      if (entry.kind === "stroke") this.strokes++;
      this.refresh();
      host.onEntry(entry);
    }, {
      proposal: this.machine.own?.data ?? null,
      ids: this.labels.ids,
      intensities: () => this.stage?.intensities() ?? null,
      flood: (grid, x, y) => host.heavy.run("flood", grid, x, y),
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
      source: { ...cube, cubeId: cube.id },
      plane: editor.plane,
      machine: this.machine.own,
      region: regionOf(task),
      z: task.z,
      neighbours: Math.min(2, task.neighbours.length),
      palette: this.labels.palette,
      style: this.style(1),
      aspect: aspectOf(task),
      software: this.host.software,
      onTileError: () => this.host.toast(t("canvas.tileError")),
      onFrame: (complete) => (this.complete = complete),
    });
    this.input = new PointerInput(host, this.hand.gestures());
    this.element = host;
    host.focus({ preventScroll: true });
    let fitted = false;
    this.observer = new ResizeObserver(() => {
      if (host.clientWidth === 0) return;
      const size = { width: host.clientWidth, height: host.clientHeight };
      this.stage!.resize(size.width, size.height, window.devicePixelRatio);
      noteCanvas(size);
      if (!fitted) this.stage!.fit();
      fitted = true;
      this.restyle();
    });
    this.observer.observe(host);
  }

  detach(): void {
    clearTimeout(this.sharpening);
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
    stage.marks.patches = show ? patchesOf(this.task) : [];
    stage.marks.current = this.patch;
    stage.invalidate();
    clearTimeout(this.sharpening);
    this.sharpening = setTimeout(() => stage.sharpen(exactWindow(this.task.cube.dtype, settings)), SHARPEN_MS);
    this.measure();
  }

  /** Puts what neighbouring slices say in place of the mask, as one step of the history. */
  async takeOver(how: TakeOver): Promise<void> {
    if (this.takingOver) return;
    this.takingOver = true;
    const found = await this.neighbours[how](this.z).catch(() => null);
    this.takingOver = false;
    // Meanwhile the page may have gone on to another task, or be handing this one in.
    if (!this.stage || this.editor.held) return;
    if (!found) return this.host.toast(t("take.none"));
    // A stroke that is still open counts as done: nobody's work goes without a step back to it.
    this.editor.end();
    this.flipTo(this.task.z);
    const changed = this.editor.replace(how, found.labels);
    this.host.toast(changed ? sayingOf(found) : t("take.same"));
    this.stage.invalidateLabels();
    this.hand.showPath();
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
    this.stage?.drawNow();
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

  /** Where the work on this slice stands; see `goBackTo`. */
  mark(): Mark {
    return { depth: this.editor.history.depth, strokes: this.strokes, seconds: this.clock.seconds };
  }

  /** Undoes what was tried since, as if it had taken neither strokes nor time. */
  goBackTo(mark: Mark): void {
    this.editor.cancel();
    while (this.editor.history.depth > mark.depth && this.editor.undo());
    this.strokes = mark.strokes;
    this.clock.goBackTo(mark.seconds);
    this.flipTo(this.task.z);
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
    this.viewMoved();
  }

  /** The view was panned or zoomed. */
  viewMoved(): void {
    this.stage?.invalidate();
    this.measure();
  }

  /** Goes to the next (or previous) patch that the discriminator doubts. */
  visitPatch(step: number): void {
    const patches = patchesOf(this.task);
    if (patches.length === 0 || !this.stage) return;
    this.flipTo(this.task.z);
    settings.patches = true;
    const from = this.patch < 0 && step < 0 ? 0 : this.patch;
    this.patch = (from + step + patches.length) % patches.length;
    const { x0, y0, x1, y1 } = patches[this.patch];
    const margin = 1.5 * Math.max(x1 - x0, y1 - y0);
    this.stage.view.fit({ x0: x0 - margin, y0: y0 - margin, x1: x1 + margin, y1: y1 + margin });
    this.focus = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
    this.restyle();
    this.host.say(t("say.patch", { at: this.patch + 1, count: patches.length }));
  }

  holdPan(on: boolean): void {
    if (this.input) this.input.panning = on;
  }

  /** Keys mean the canvas from here on. */
  takeFocus(): void {
    this.element?.focus({ preventScroll: true });
  }

  retryTiles(): void {
    this.stage?.retryTiles();
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
