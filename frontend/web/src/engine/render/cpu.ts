/** The fallback renderer: every pixel computed here, and put on a 2D canvas. */
import { NO_IMAGE, putTile, type Backdrop, type GreyTile } from "./backdrop.ts";
import { composite, type Layers } from "./compositor.ts";
import {
  boxOf, isSmooth, type DrawTile, type LabelLayer, type LayerName, type Renderer, type Scene, type ScreenRect,
} from "./scene.ts";

/** Most bytes of drawn images that are kept. */
const KEPT_BYTES = 32 * 2 ** 20;

export class CpuRenderer implements Renderer {
  readonly kind = "cpu";
  private readonly context: CanvasRenderingContext2D;
  private readonly layers: Layers = { mine: null, machine: null };
  private readonly tiles = new Map<string, GreyTile>();
  private readonly scratch = document.createElement("canvas");
  private backdrop: Backdrop = new Uint16Array(0);
  /** Images as they were drawn, the latest last: flipping between slices mixes no pixels anew. */
  private readonly kept = new Map<string, Backdrop>();
  private pixels: ImageData | null = null;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) throw new Error("This browser cannot draw on a canvas.");
    this.context = context;
  }

  setLayer(name: LayerName, layer: LabelLayer | null): void {
    this.layers[name] = layer;
  }

  updateLabels(): void {
    // The compositor reads the plane itself.
  }

  draw(scene: Scene, only?: ScreenRect): void {
    const { width, height } = scene.view.canvas;
    if (!this.pixels || this.pixels.width !== width || this.pixels.height !== height) {
      this.pixels = new ImageData(width, height);
      only = undefined;
    }
    if (!only) this.drawImage(scene);
    const rect = only ?? { x0: 0, y0: 0, x1: width, y1: height };
    composite(this.pixels.data, this.backdrop, scene, this.layers, rect);
    this.context.putImageData(
      this.pixels, 0, 0, rect.x0, rect.y0, rect.x1 - rect.x0, rect.y1 - rect.y0,
    );
  }

  dropTile(key: string): void {
    this.tiles.delete(key);
  }

  dispose(): void {
    this.tiles.clear();
    this.kept.clear();
    this.pixels = null;
  }

  private drawImage({ view, tiles }: Scene): void {
    const { width, height } = view.canvas;
    const place = [width, height, view.originX, view.originY, view.scale, view.scaleY];
    const key = [...place, ...tiles.map((tile) => tile.key)].join();
    const known = this.kept.get(key);
    this.backdrop = known ?? this.emptyBackdrop(width * height);
    if (!known) {
      for (const tile of tiles) putTile(this.backdrop, width, this.greysOf(tile), boxOf(tile, view), isSmooth(view));
    }
    this.kept.delete(key);
    this.kept.set(key, this.backdrop);
  }

  /** One without an image: the oldest that is kept, once there are enough. */
  private emptyBackdrop(size: number): Backdrop {
    const [oldest] = this.kept;
    const full = (this.kept.size + 1) * 2 * size > KEPT_BYTES;
    if (oldest && full) this.kept.delete(oldest[0]);
    const again = oldest && full && oldest[1].length === size;
    return (again ? oldest[1] : new Uint16Array(size)).fill(NO_IMAGE);
  }

  private greysOf({ key, bitmap }: DrawTile): GreyTile {
    const known = this.tiles.get(key);
    if (known) return known;
    const { width, height } = bitmap;
    this.scratch.width = width;
    this.scratch.height = height;
    const context = this.scratch.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser cannot read an image.");
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(width * height);
    for (let i = 0; i < data.length; i++) data[i] = pixels[4 * i];
    const tile = { width, height, data };
    this.tiles.set(key, tile);
    return tile;
  }
}
