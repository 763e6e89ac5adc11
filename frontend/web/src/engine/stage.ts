/**
 * The stage: puts image, labels and marks on two canvases, once a frame at most and no more of them
 * than has changed.
 */
import { FIT_MARGIN } from "./first-tiles.ts";
import { GreyReader } from "./grey-reader.ts";
import { drawOverlay, isBlank, type OverlayScene } from "./overlay.ts";
import type { LabelPlane } from "./plane.ts";
import { Pyramid, tileKey, type TileAddress, type TileSource, type Window } from "./pyramid.ts";
import { createRenderer } from "./render/create.ts";
import type { DrawTile, LabelLayer, Renderer, Scene, Style } from "./render/scene.ts";
import { isComing, takeBitmap } from "./tiles-ahead.ts";
import { TileLoader } from "./tile-loader.ts";
import type { Intensities } from "./tools/stroke.ts";
import { View, type Bounds } from "./view.ts";

export interface StageOptions {
  image: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  source: TileSource;
  plane: LabelPlane;
  machine: LabelLayer | null;
  /** Where the plane lies in the slice. */
  region: Bounds;
  z: number;
  /** How many neighbours on each side are loaded ahead. */
  neighbours: number;
  palette: Uint8Array;
  style: Style;
  aspect: number;
  /** Whether there is no graphics card, where that is known. */
  software?: boolean | null;
  onTileError?: () => void;
  /** After each frame: whether the slice is fully there at the level that the view needs. */
  onFrame?: (complete: boolean) => void;
}

const PREFETCH_LIMIT = 48;
/** So long tiles that were asked for ahead are waited for before a coarse one is. */
const NEAR_MS = 1000;

export class Stage {
  readonly view: View;
  readonly pyramid: Pyramid;
  private renderer: Renderer;
  /** The proposal of the slice on show. */
  private machine: LabelLayer | null;
  /** Shapes drawn above the labels; change and call `invalidateOverlay`. */
  readonly marks: Pick<OverlayScene, "patches" | "current" | "path" | "closed" | "cursor"> = {
    patches: [], current: -1, path: [], closed: false, cursor: null,
  };
  style: Style;
  z: number;
  ratio = 1;
  private sized = false;
  /** The window that tiles are to have; undefined for the whole range. See `sharpen`. */
  private wanted: Window | undefined;
  /** The window of the tiles on show. */
  private window: Window | undefined;
  private readonly options: StageOptions;
  private readonly loader: TileLoader<ImageBitmap>;
  private readonly overlay: CanvasRenderingContext2D;
  private canvas: HTMLCanvasElement;
  /** The tiles that the view needs. */
  private fine: TileAddress[] = [];
  /** Tiles that the slice on show waits for. */
  private awaited = new Set<string>();
  private shown: { tiles: DrawTile[]; complete: boolean } | null = null;
  private frame = 0;
  private dirtyAll = false;
  private dirtyOverlay = false;
  private disposed = false;
  private readonly born = performance.now();

  constructor(options: StageOptions) {
    this.options = options;
    this.style = options.style;
    this.z = options.z;
    this.pyramid = new Pyramid(options.source);
    this.view = new View(this.pyramid.image, options.aspect);
    const maxSide = Math.max(options.plane.width, options.plane.height);
    const { renderer, canvas } = createRenderer(options.image, maxSide, options.software);
    this.renderer = renderer;
    this.canvas = canvas;
    this.machine = options.machine;
    this.overlay = options.overlay.getContext("2d")!;
    this.hangLayers();
    // Tablets take the graphics memory away from pages that were in the background.
    canvas.addEventListener("webglcontextlost", (event) => {
      // Without this it is never given back.
      if (!this.disposed) event.preventDefault();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      ({ renderer: this.renderer, canvas: this.canvas } = createRenderer(canvas, maxSide));
      this.hangLayers();
      this.invalidate();
    });
    setTimeout(() => {
      if (this.awaited.size > 0) this.invalidate();
    }, NEAR_MS);
    this.loader = new TileLoader(this.pyramid, takeBitmap, {
      // Tiles of neighbours are fetched ahead and change nothing on show.
      onTile: (key) => {
        if (this.awaited.has(key)) this.invalidate();
      },
      onError: () => options.onTileError?.(),
      onDrop: (key, bitmap) => {
        this.renderer.dropTile(key);
        bitmap.close();
      },
    });
  }

  /** CSS size of the viewport and the device's pixel ratio. */
  resize(width: number, height: number, ratio: number): void {
    const size = {
      width: Math.max(1, Math.round(width * ratio)),
      height: Math.max(1, Math.round(height * ratio)),
    };
    this.ratio = ratio;
    this.sized = true;
    for (const canvas of [this.canvas, this.options.overlay]) {
      canvas.width = size.width;
      canvas.height = size.height;
    }
    this.view.resize(size);
    this.invalidate();
  }

  fit(): void {
    this.view.fit(this.options.region, FIT_MARGIN * this.ratio);
    this.invalidate();
  }

  /** Shows another slice, with its proposal if there is one. */
  showSlice(z: number, machine: LabelLayer | null): void {
    this.z = z;
    this.machine = machine;
    this.renderer.setLayer("machine", machine);
    this.invalidate();
  }

  /**
   * Asks for tiles that spend their 256 greys on a part of the range: of voxels with more than 8
   * bits they show more. The old ones stay until all are there.
   */
  sharpen(window: Window | undefined): void {
    if (window?.low === this.wanted?.low && window?.high === this.wanted?.high) return;
    this.wanted = window;
    this.invalidate();
  }

  /** The image under the plane as it is loaded and shown now. */
  intensities(): Intensities {
    return new GreyReader((area) => this.loadedTiles(area), this.options.region, this.shownStyle());
  }

  retryTiles(): void {
    this.loader.retry();
  }

  /** Everything is drawn again in the next frame. */
  invalidate(): void {
    this.dirtyAll = true;
    this.dirtyOverlay = true;
    this.schedule();
  }

  /** Draws now what waits for the next frame: whoever flips through slices has waited long enough. */
  drawNow(): void {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.drawFrame();
  }

  /** Labels have changed: only their part is drawn again. */
  invalidateLabels(): void {
    this.schedule();
  }

  invalidateOverlay(): void {
    this.dirtyOverlay = true;
    this.schedule();
  }

  dispose(): void {
    this.disposed = true;
    cancelAnimationFrame(this.frame);
    this.loader.dispose();
    this.renderer.dispose();
  }

  private hangLayers(): void {
    this.renderer.setLayer("mine", this.options.plane);
    this.renderer.setLayer("machine", this.machine);
    this.options.plane.takeDirty();
  }

  private schedule(): void {
    // Before the canvas has its size, every tile would be the wrong one.
    if (this.frame || this.disposed || !this.sized) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.drawFrame();
    });
  }

  private drawFrame(): void {
    const dirty = this.options.plane.takeDirty();
    if (dirty) this.renderer.updateLabels(dirty);
    if (this.dirtyAll || !this.shown) this.shown = this.collectTiles();
    const { tiles, complete } = this.shown;
    // Each redraw takes as long as all: what is about to come is drawn together.
    const waits = !complete && this.awaited.size > 0 && this.isNear(this.fine);
    if (this.dirtyAll && waits) {
      // Until then, or until the wait is over.
    } else if (this.dirtyAll) {
      this.dirtyAll = false;
      this.renderer.draw(this.scene(tiles));
    } else if (dirty && this.style.mine) {
      const rect = this.screenRect(dirty);
      if (rect) this.renderer.draw(this.scene(tiles), rect);
    }
    if (this.dirtyOverlay) {
      this.dirtyOverlay = false;
      const marks = { ...this.marks, view: this.view, region: this.options.region, ratio: this.ratio };
      drawOverlay(this.overlay, marks);
      // A layer of nothing over the image costs as much for every frame as one of marks.
      this.options.overlay.hidden = isBlank(marks);
    }
    this.options.onFrame?.(complete);
  }

  private scene(tiles: DrawTile[]): Scene {
    const { region, palette } = this.options;
    return { view: this.view, tiles, region, style: this.shownStyle(), palette };
  }

  /** The style, its contrast as the tiles on show need it. */
  private shownStyle(): Style {
    const { style, window } = this;
    if (!window) return style;
    const within = (value: number): number => ((value - window.low) * 255) / (window.high - window.low);
    return { ...style, low: within(style.low), high: within(style.high) };
  }

  /** The tiles to draw now, while the loader is told what is missing. */
  private collectTiles(): { tiles: DrawTile[]; complete: boolean } {
    const next = this.collect(this.wanted);
    this.awaited = new Set(next.drawn.map(tileKey).filter((key) => !this.loader.has(key)));
    this.loader.want(next.wanted);
    if (!next.complete && this.window !== this.wanted) {
      const now = this.collect(this.window);
      if (now.complete) return { tiles: this.loaded(now.drawn), complete: false };
    }
    this.window = this.wanted;
    return { tiles: this.loaded(next.drawn), complete: next.complete };
  }

  private collect(window: Window | undefined): { wanted: TileAddress[]; drawn: TileAddress[]; complete: boolean } {
    const visible = this.view.visible();
    const level = this.pyramid.chooseLevel(this.view.scale);
    const tiles = (l: number, z: number): TileAddress[] => this.pyramid.tiles(l, z, visible, window);
    const fine = tiles(level, this.z);
    this.fine = fine;
    const complete = fine.every((tile) => this.loader.has(tileKey(tile)));
    const coarsest = this.pyramid.source.levels.length - 1;
    const wanted: TileAddress[] = [];
    const drawn: TileAddress[] = [];
    if (!complete) {
      if (level < coarsest && !this.isNear(fine)) wanted.push(...tiles(coarsest, this.z));
      for (let l = coarsest; l > level; l--) drawn.push(...tiles(l, this.z));
    }
    wanted.push(...fine);
    drawn.push(...fine);
    const depth = this.pyramid.source.levels[0].shape[0];
    // The slice itself comes first.
    for (let k = 1; complete && k <= this.options.neighbours; k++) {
      if (fine.length * 2 * k > PREFETCH_LIMIT) break;
      for (const z of [this.z + k, this.z - k]) {
        if (z >= 0 && z < depth) wanted.push(...tiles(level, z));
      }
    }
    return { wanted, drawn, complete };
  }

  /** Whether fine tiles will be there before a coarse one could help: it would only hold them up. */
  private isNear(fine: TileAddress[]): boolean {
    const young = performance.now() - this.born < NEAR_MS;
    return young && fine.every((tile) => this.loader.has(tileKey(tile)) || isComing(this.pyramid.url(tile)));
  }

  private loaded(addresses: TileAddress[]): DrawTile[] {
    const tiles: DrawTile[] = [];
    for (const address of addresses) {
      const key = tileKey(address);
      const bitmap = this.loader.get(key);
      if (bitmap) tiles.push({ key, bitmap, bounds: this.pyramid.bounds(address) });
    }
    return tiles;
  }

  /** The loaded tiles of an area of the task's slice, coarse ones first. */
  private loadedTiles(area: Bounds): DrawTile[] {
    const tiles: DrawTile[] = [];
    for (let level = 0; level < this.pyramid.source.levels.length; level++) {
      const addresses = this.pyramid.tiles(level, this.options.z, area, this.window);
      const found = this.loaded(addresses);
      tiles.unshift(...found);
      // What lies under a whole level is not seen.
      if (found.length === addresses.length) break;
    }
    return tiles;
  }

  /** Device pixels of a rectangle of the plane, with room for outlines; null when off screen. */
  private screenRect(rect: Bounds): Bounds | null {
    const { region } = this.options;
    const { width, height } = this.view.canvas;
    const a = this.view.toScreen(region.x0 + rect.x0, region.y0 + rect.y0);
    const b = this.view.toScreen(region.x0 + rect.x1, region.y0 + rect.y1);
    const pad = Math.ceil(this.style.line) + 1;
    const out = {
      x0: Math.max(0, Math.floor(a.x) - pad),
      y0: Math.max(0, Math.floor(a.y) - pad),
      x1: Math.min(width, Math.ceil(b.x) + pad),
      y1: Math.min(height, Math.ceil(b.y) + pad),
    };
    return out.x0 < out.x1 && out.y0 < out.y1 ? out : null;
  }
}
