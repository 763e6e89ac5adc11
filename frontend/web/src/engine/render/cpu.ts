/** The renderer without a graphics card: every pixel computed here, and put on a 2D canvas. */
import { NO_IMAGE, putTile, type Backdrop, type GreyTile } from "./backdrop.ts";
import { composite, type Layers } from "./compositor.ts";
import {
  boxOf, isSmooth, type DrawTile, type LabelLayer, type LayerName, type Renderer, type Scene, type ScreenRect,
} from "./scene.ts";

/** Most bytes of pictures that are kept. */
const KEPT_BYTES = 48 * 2 ** 20;

/** A slice as it was drawn: its image alone, and with its marks. */
interface Picture {
  backdrop: Backdrop;
  pixels: ImageData;
  /** How the marks in `pixels` were drawn; see `lookOf`. */
  look: string;
}

export class CpuRenderer implements Renderer {
  readonly kind = "cpu";
  private readonly context: CanvasRenderingContext2D;
  private readonly layers: Layers = { mine: null, machine: null };
  private readonly tiles = new Map<string, GreyTile>();
  private readonly scratch = document.createElement("canvas");
  /** By place and tiles, the latest last: flipping between slices draws nothing anew. */
  private readonly pictures = new Map<string, Picture>();
  private shown: Picture | null = null;
  /** Counts the changes of the volunteer's own labels. */
  private changes = 0;
  /** The look of what is shown before the last change. */
  private before = "";
  private readonly numbers = new WeakMap<LabelLayer, number>();
  private numbered = 0;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) throw new Error("This browser cannot draw on a canvas.");
    this.context = context;
  }

  setLayer(name: LayerName, layer: LabelLayer | null): void {
    this.layers[name] = layer;
    if (name === "mine") this.changes++;
  }

  /** The compositor reads the plane itself. */
  updateLabels(): void {
    this.changes++;
  }

  draw(scene: Scene, only?: ScreenRect): void {
    const { width, height } = scene.view.canvas;
    const look = this.lookOf(scene);
    if (!only || !this.shown) {
      const picture = (this.shown = this.pictureOf(scene));
      if (picture.look !== look) this.compose(picture, scene, { x0: 0, y0: 0, x1: width, y1: height });
      picture.look = look;
      this.context.putImageData(picture.pixels, 0, 0);
    } else {
      this.compose(this.shown, scene, only);
      // A part drawn anew makes the whole new, if all that was not drawn still holds.
      this.shown.look = this.shown.look === this.before ? look : "";
      const { x0, y0, x1, y1 } = only;
      this.context.putImageData(this.shown.pixels, 0, 0, x0, y0, x1 - x0, y1 - y0);
    }
    this.before = look;
  }

  dropTile(key: string): void {
    this.tiles.delete(key);
  }

  dispose(): void {
    this.tiles.clear();
    this.pictures.clear();
    this.shown = null;
  }

  private compose({ pixels, backdrop }: Picture, scene: Scene, rect: ScreenRect): void {
    composite(pixels.data, backdrop, scene, this.layers, rect);
  }

  /** All that decides how marks are drawn over an image. */
  private lookOf({ style, region }: Scene): string {
    const own = style.mine ? this.changes : 0;
    return [...Object.values(style), region.x0, region.y0, own, this.numberOf(this.layers.machine)].join();
  }

  private numberOf(layer: LabelLayer | null): number {
    if (!layer) return 0;
    if (!this.numbers.has(layer)) this.numbers.set(layer, ++this.numbered);
    return this.numbers.get(layer)!;
  }

  /** The picture of a place, its image drawn. */
  private pictureOf({ view, tiles }: Scene): Picture {
    const { width, height } = view.canvas;
    const place = [width, height, view.originX, view.originY, view.scale, view.scaleY];
    const key = [...place, ...tiles.map((tile) => tile.key)].join();
    const known = this.pictures.get(key);
    const picture = known ?? this.blank(width, height);
    if (!known) {
      for (const tile of tiles) putTile(picture.backdrop, width, this.greysOf(tile), boxOf(tile, view), isSmooth(view));
    }
    this.pictures.delete(key);
    this.pictures.set(key, picture);
    return picture;
  }

  /** One without an image: the oldest that is kept, once there are enough. */
  private blank(width: number, height: number): Picture {
    const [oldest] = this.pictures;
    const full = (this.pictures.size + 1) * 6 * width * height > KEPT_BYTES;
    if (oldest && full) this.pictures.delete(oldest[0]);
    const again = oldest && full && oldest[1].pixels.width === width && oldest[1].pixels.height === height;
    const { backdrop, pixels } = again
      ? oldest[1]
      : { backdrop: new Uint16Array(width * height), pixels: new ImageData(width, height) };
    return { backdrop: backdrop.fill(NO_IMAGE), pixels, look: "" };
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
