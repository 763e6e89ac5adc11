/** Draws a slice and one layer of marks onto a 2D canvas, for looking; nothing here edits. */
import { Pyramid, tileKey } from "../engine/pyramid.ts";
import { fetchBitmap, TileLoader } from "../engine/tile-loader.ts";
import { View } from "../engine/view.ts";
import type { RGB } from "../engine/render/scene.ts";
import { disagreementPixels, fillColours, fillPixels } from "./fills.ts";
import type { Drawn } from "./masks.ts";
import type { Detail, Layer } from "./types.ts";

const COLOURS: Record<Exclude<Layer, "image">, RGB> = {
  proposal: [86, 180, 233],
  correction: [230, 159, 0],
  consensus: [0, 158, 115],
  disagreement: [213, 94, 0],
};
/** Fill opacity of each layer, 0..255. */
const ALPHA: Record<Exclude<Layer, "image">, number> = {
  proposal: 38,
  correction: 89,
  consensus: 77,
  disagreement: 0,
};
const TOP = 20;

export interface Marks {
  layer: Exclude<Layer, "image">;
  drawn: Drawn;
  /** The consensus, outlined under a disagreement map. */
  below: Drawn | null;
}

export class Painter {
  readonly view: View;
  readonly detail: Detail;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly pyramid: Pyramid;
  private readonly loader: TileLoader<ImageBitmap>;
  private marks: Marks | null = null;
  private pixels: HTMLCanvasElement | null = null;
  private scratch: HTMLCanvasElement | null = null;
  private ratio = 1;
  private frame = 0;
  private disposed = false;

  constructor(canvas: HTMLCanvasElement, detail: Detail, onError: () => void) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d")!;
    this.detail = detail;
    const { cube_full: cube } = detail;
    this.pyramid = new Pyramid({ ...cube, cubeId: cube.id });
    this.view = new View(this.pyramid.image, cube.voxel_size[1] / cube.voxel_size[2]);
    this.loader = new TileLoader(this.pyramid, fetchBitmap, {
      onTile: () => this.invalidate(),
      onError,
      onDrop: (_, bitmap) => bitmap.close(),
    });
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.view.resize({ width: this.canvas.width, height: this.canvas.height });
    this.invalidate();
  }

  fit(): void {
    const { x0, y0, width, height } = this.detail;
    this.view.fit({ x0, y0, x1: x0 + width, y1: y0 + height }, 10 * this.ratio);
    this.invalidate();
  }

  show(marks: Marks | null): void {
    this.marks = marks;
    this.pixels = marks ? this.rasterise(marks) : null;
    this.invalidate();
  }

  invalidate(): void {
    if (this.frame || this.disposed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  dispose(): void {
    this.disposed = true;
    cancelAnimationFrame(this.frame);
    this.loader.dispose();
  }

  private rasterise({ layer, drawn }: Marks): HTMLCanvasElement {
    const { width, height, classes, instances } = this.detail;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const pixels =
      layer === "disagreement"
        ? disagreementPixels(drawn.mask, TOP)
        : fillPixels(drawn.mask, fillColours(classes, instances, COLOURS[layer]), ALPHA[layer]);
    canvas.getContext("2d")!.putImageData(new ImageData(pixels, width, height), 0, 0);
    return canvas;
  }

  private draw(): void {
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#0a0a0c";
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.drawImage();
    this.drawSurroundings();
    if (!this.marks || !this.pixels) return;
    const { layer, drawn, below } = this.marks;
    if (layer === "disagreement") {
      // The consensus' edge is where people disagree most: it stays thin, and below.
      if (below) this.outline(below.outline, COLOURS.consensus, { width: 1, halo: false });
      this.drawHatched(this.pixels);
      return;
    }
    this.drawPixels(context, this.pixels);
    this.outline(drawn.outline, COLOURS[layer], { dash: layer === "proposal" ? [6, 4] : [] });
  }

  private drawImage(): void {
    const { view, pyramid, loader, context } = this;
    const visible = view.visible();
    const level = pyramid.chooseLevel(view.scale);
    const coarsest = pyramid.source.levels.length - 1;
    const fine = pyramid.tiles(level, this.detail.z, visible);
    const coarse = level < coarsest ? pyramid.tiles(coarsest, this.detail.z, visible) : [];
    const missing = fine.some((tile) => !loader.has(tileKey(tile)));
    loader.want(missing ? [...coarse, ...fine] : fine);
    context.imageSmoothingEnabled = view.scale < 3;
    for (const tile of missing ? [...coarse, ...fine] : fine) {
      const bitmap = loader.get(tileKey(tile));
      if (!bitmap) continue;
      const bounds = pyramid.bounds(tile);
      const a = view.toScreen(bounds.x0, bounds.y0);
      const b = view.toScreen(bounds.x1, bounds.y1);
      context.drawImage(bitmap, a.x, a.y, b.x - a.x, b.y - a.y);
    }
  }

  /** A task that is a tile of its slice: what is around it stays visible, but darker. */
  private drawSurroundings(): void {
    const { view, context, detail } = this;
    const { width, height } = view.image;
    if (detail.width === width && detail.height === height) return;
    const whole = new Path2D();
    const a = view.toScreen(0, 0);
    const b = view.toScreen(width, height);
    whole.rect(a.x, a.y, b.x - a.x, b.y - a.y);
    const c = view.toScreen(detail.x0, detail.y0);
    const d = view.toScreen(detail.x0 + detail.width, detail.y0 + detail.height);
    whole.rect(c.x, c.y, d.x - c.x, d.y - c.y);
    context.fillStyle = "rgb(10 10 12 / 55%)";
    context.fill(whole, "evenodd");
  }

  private drawPixels(context: CanvasRenderingContext2D, pixels: HTMLCanvasElement): void {
    const { view, detail } = this;
    const at = view.toScreen(detail.x0, detail.y0);
    context.imageSmoothingEnabled = false;
    context.drawImage(pixels, at.x, at.y, detail.width * view.scale, detail.height * view.scaleY);
  }

  private drawHatched(pixels: HTMLCanvasElement): void {
    this.scratch ??= document.createElement("canvas");
    const { scratch, context } = this;
    scratch.width = this.canvas.width;
    scratch.height = this.canvas.height;
    const own = scratch.getContext("2d")!;
    this.drawPixels(own, pixels);
    own.globalCompositeOperation = "destination-in";
    own.fillStyle = own.createPattern(this.hatch(), "repeat")!;
    own.fillRect(0, 0, scratch.width, scratch.height);
    context.drawImage(scratch, 0, 0);
  }

  /** Strong diagonal lines on a faint ground: seen without colour, and small spots stay visible. */
  private hatch(): HTMLCanvasElement {
    const side = Math.round(6 * this.ratio);
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const context = tile.getContext("2d")!;
    context.fillStyle = "rgb(0 0 0 / 55%)";
    context.fillRect(0, 0, side, side);
    context.strokeStyle = "#000";
    context.lineWidth = side / 3;
    for (const offset of [-side, 0, side]) {
      context.beginPath();
      context.moveTo(offset, side);
      context.lineTo(offset + side, 0);
      context.stroke();
    }
    return tile;
  }

  private outline(path: Path2D, [r, g, b]: RGB, look: OutlineLook): void {
    const { dash = [], width = 1.7, halo = true } = look;
    const { context, view, detail, ratio } = this;
    const at = view.toScreen(detail.x0, detail.y0);
    const placed = new Path2D();
    placed.addPath(path, new DOMMatrix([view.scale, 0, 0, view.scaleY, at.x, at.y]));
    context.lineJoin = "round";
    context.setLineDash([]);
    if (halo) {
      context.strokeStyle = "rgb(0 0 0 / 55%)";
      context.lineWidth = 2 * width * ratio;
      context.stroke(placed);
    }
    context.setLineDash(dash.map((length) => length * ratio));
    context.strokeStyle = `rgb(${r} ${g} ${b})`;
    context.lineWidth = width * ratio;
    context.stroke(placed);
    context.setLineDash([]);
  }
}

interface OutlineLook {
  /** Lengths in CSS pixels; empty is a solid line. */
  dash?: number[];
  /** In CSS pixels. */
  width?: number;
  /** A dark tone beside the line, so that it is seen on any grey. */
  halo?: boolean;
}
