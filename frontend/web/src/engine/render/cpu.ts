/** The fallback renderer: canvas 2D for the image, the compositor for the marks. */
import { composite, NO_IMAGE, type Backdrop, type Layers } from "./compositor.ts";
import type { LabelLayer, LayerName, Renderer, Scene, ScreenRect } from "./scene.ts";

export class CpuRenderer implements Renderer {
  readonly kind = "cpu";
  private readonly context: CanvasRenderingContext2D;
  private readonly layers: Layers = { mine: null, machine: null };
  private backdrop: Backdrop = new Uint16Array(0);
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

  dropTile(): void {
    // Bitmaps are drawn straight from the loader's cache.
  }

  dispose(): void {
    this.pixels = null;
  }

  /** Draws the tiles and reads the canvas back as grey values. */
  private drawImage({ view, tiles }: Scene): void {
    const { width, height } = view.canvas;
    const { context } = this;
    // Tiles are grey, so a saturated colour marks what no tile has covered.
    context.fillStyle = "#ff0000";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = view.scale < 2;
    for (const { bounds, bitmap } of tiles) {
      const a = view.toScreen(bounds.x0, bounds.y0);
      const b = view.toScreen(bounds.x1, bounds.y1);
      context.drawImage(bitmap, a.x, a.y, b.x - a.x, b.y - a.y);
    }
    const { data } = context.getImageData(0, 0, width, height);
    if (this.backdrop.length !== width * height) this.backdrop = new Uint16Array(width * height);
    for (let i = 0; i < this.backdrop.length; i++) {
      const red = data[4 * i];
      this.backdrop[i] = red - data[4 * i + 1] > 40 ? NO_IMAGE : red;
    }
  }
}
