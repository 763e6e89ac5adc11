/** A manager's own mask over a task: the volunteers' engine, and their tools. */
import {
  buildPalette, Editor, LabelPlane, PointerInput, Stage, type LabelArray, type Point,
} from "../engine/index.ts";
import { ObjectIds } from "../engine/ids.ts";
import type { Tool } from "../engine/tools/stroke.ts";
import type { Detail } from "./types.ts";

const SIZED: readonly Tool[] = ["brush", "eraser", "smart"];
const BY_PATH: readonly Tool[] = ["lasso", "split", "merge"];

export class FixBench {
  tool = $state<Tool>("brush");
  /** The last stroke found nothing to do. */
  refused = $state(false);
  size = $state(12);
  label = $state(1);
  canUndo = $state(false);
  canRedo = $state(false);
  ready = $state(false);
  ring = $state.raw<{ x: number; y: number; size: number } | null>(null);
  agreed: LabelArray = new Uint32Array();

  private readonly detail: Detail;
  private editor: Editor | null = null;
  private stage: Stage | null = null;
  private input: PointerInput | null = null;
  private observer: ResizeObserver | null = null;

  constructor(detail: Detail) {
    this.detail = detail;
    this.label = detail.classes[0]?.value ?? 1;
  }

  get mask(): LabelArray {
    return this.editor!.plane.data;
  }

  attach(
    host: HTMLElement,
    image: HTMLCanvasElement,
    overlay: HTMLCanvasElement,
    agreed: Uint32Array,
    proposed: Uint32Array,
  ): void {
    const { width, height, x0, y0, z, cube_full: cube, classes } = this.detail;
    this.agreed = agreed;
    const plane = new LabelPlane(width, height, agreed);
    const editor = new Editor(plane, () => this.refresh(), {
      proposal: proposed,
      ids: this.detail.instances ? new ObjectIds(plane, proposed) : null,
      intensities: () => this.stage?.intensities() ?? null,
      flood: null,
    });
    this.editor = editor;
    const stage = new Stage({
      image,
      overlay,
      source: { ...cube, cubeId: cube.id },
      plane,
      machine: { width, height, dtype: "uint32", data: proposed },
      region: { x0, y0, x1: x0 + width, y1: y0 + height },
      z,
      neighbours: 0,
      palette: buildPalette(classes),
      style: {
        low: 0, high: 255, opacity: 0.35, fill: true, mine: true, machine: true,
        line: 1.75 * window.devicePixelRatio, dash: 6 * window.devicePixelRatio,
      },
      aspect: cube.voxel_size[1] / cube.voxel_size[2],
    });
    this.stage = stage;
    this.input = new PointerInput(host, this.gestures(editor, stage));
    let fitted = false;
    this.observer = new ResizeObserver(() => {
      stage.resize(host.clientWidth, host.clientHeight, window.devicePixelRatio);
      if (!fitted) stage.fit();
      fitted = true;
    });
    this.observer.observe(host);
    this.ready = true;
  }

  detach(): void {
    this.observer?.disconnect();
    this.input?.dispose();
    this.stage?.dispose();
  }

  undo(): void {
    this.editor?.undo();
    this.stage?.invalidateLabels();
  }

  redo(): void {
    this.editor?.redo();
    this.stage?.invalidateLabels();
  }

  resizeBrush(steps: number): void {
    const step = Math.max(1, Math.round(this.size * 0.14));
    this.size = Math.min(120, Math.max(1, this.size + steps * step));
  }

  /** The n-th class, counted from 1. */
  chooseClass(n: number): void {
    this.label = this.detail.classes[n - 1]?.value ?? this.label;
  }

  private refresh(): void {
    this.canUndo = this.editor?.history.canUndo ?? false;
    this.canRedo = this.editor?.history.canRedo ?? false;
  }

  private gestures(editor: Editor, stage: Stage): ConstructorParameters<typeof PointerInput>[1] {
    const toPlane = (at: Point): Point => {
      const { x, y } = stage.view.toImage(at.x, at.y);
      return { x: x - this.detail.x0, y: y - this.detail.y0 };
    };
    const showPath = (): void => {
      stage.marks.path = editor.path.map((p) => ({
        x: p.x + this.detail.x0, y: p.y + this.detail.y0,
      }));
      stage.marks.closed = editor.pathClosed;
      stage.invalidateOverlay();
    };
    return {
      canPaint: () => true,
      paintStart: (at, event) => {
        const { tool, size, label } = this;
        this.refused = false;
        editor.start({ tool, size, label, remove: event.shiftKey }, toPlane(at));
        stage.invalidateLabels();
      },
      paintMove: (to) => {
        editor.move(toPlane(to));
        if (BY_PATH.includes(this.tool)) showPath();
        else stage.invalidateLabels();
      },
      paintEnd: () => {
        this.refused = editor.end() !== null;
        showPath();
        stage.invalidateLabels();
      },
      paintCancel: () => {
        editor.cancel();
        showPath();
        stage.invalidateLabels();
      },
      panBy: (dx, dy) => {
        stage.view.panBy(dx, dy);
        stage.invalidate();
      },
      zoomAt: (at, factor) => {
        stage.view.zoomAt(at.x, at.y, factor);
        stage.invalidate();
      },
      hover: (at, kind) => {
        const sized = at !== null && kind !== "touch" && SIZED.includes(this.tool);
        const size = (this.size * stage.view.scale) / stage.ratio;
        this.ring = sized ? { x: at.x / stage.ratio, y: at.y / stage.ratio, size } : null;
      },
      flip: () => undefined,
      resizeBrush: (steps) => this.resizeBrush(steps),
    };
  }
}
