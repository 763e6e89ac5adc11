/** What a renderer draws, and the interface that both renderers offer. */
import { UNSURE, unsureOf, type LabelArray, type LabelDtype } from "../labels.ts";
import type { Bounds, View } from "../view.ts";

/** The volunteer's mask, and the proposal it started from. */
export type LayerName = "mine" | "machine";

export interface LabelLayer {
  width: number;
  height: number;
  dtype: LabelDtype;
  data: LabelArray;
}

export interface DrawTile {
  key: string;
  /** Where the tile lies, in level-0 pixels. */
  bounds: Bounds;
  bitmap: ImageBitmap;
}

/** Where a tile lies on the canvas, in device pixels. */
export function boxOf(tile: DrawTile, view: View): Bounds {
  const a = view.toScreen(tile.bounds.x0, tile.bounds.y0);
  const b = view.toScreen(tile.bounds.x1, tile.bounds.y1);
  return { x0: a.x, y0: a.y, x1: b.x, y1: b.y };
}

/** Whether the image is smoothed: near enough its single pixels are to be seen. */
export function isSmooth(view: View): boolean {
  return view.scale < 2;
}

export interface Style {
  /** Image values 0..255 shown as black and as white. */
  low: number;
  high: number;
  /** Opacity of the fill, 0..1. */
  opacity: number;
  fill: boolean;
  /** Width of outlines and length of dashes, in device pixels. */
  line: number;
  dash: number;
  mine: boolean;
  machine: boolean;
}

export interface Scene {
  view: View;
  /** Coarse tiles first, so that fine ones cover them. */
  tiles: DrawTile[];
  /** Where the label layers lie in the slice. */
  region: Bounds;
  style: Style;
  /** 256 x RGBA. */
  palette: Uint8Array;
}

/** Device pixels [x0, x1) x [y0, y1). */
export type ScreenRect = Bounds;

export interface Renderer {
  readonly kind: "webgl2" | "cpu";
  /** Replaces a layer; null takes it away. */
  setLayer(name: LayerName, layer: LabelLayer | null): void;
  /** The labels of "mine" inside the rectangle (layer pixels) have changed. */
  updateLabels(rect: Bounds): void;
  /** Draws the scene; with `only`, just that part of the canvas, the tiles being as before. */
  draw(scene: Scene, only?: ScreenRect): void;
  dropTile(key: string): void;
  dispose(): void;
}

export const MACHINE_COLOR: RGB = [86, 180, 233];
export const UNSURE_COLOR: RGB = [255, 255, 255];
export const BACKGROUND: RGB = [10, 10, 12];
/** How much of the image remains outside the task's region. */
export const OUTSIDE = 0.5;
/** Strength of the dark tone beside every outline. */
export const HALO = 0.55;

export type RGB = readonly [number, number, number];

/** Okabe–Ito, in the order in which classes get their colours. */
export const OKABE_ITO: readonly RGB[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];

/** The last palette entry is the colour of "unsure". */
const UNSURE_ENTRY = 255;
/** Labels above the palette go round in it by whole turns of the seven colours. */
const TURN = 252;

/** Palette entry of a label; 0 is background. The GLSL in webgl.ts does the same. */
export function paletteEntry(label: number, unsure: number): number {
  if (label === unsure || label === UNSURE) return UNSURE_ENTRY;
  return label < UNSURE_ENTRY ? label : 1 + ((label - 1) % TURN);
}

export function buildPalette(classes: readonly { value: number; color: string }[]): Uint8Array {
  const palette = new Uint8Array(256 * 4);
  for (let i = 1; i < 255; i++) palette.set([...OKABE_ITO[(i - 1) % 7], 255], 4 * i);
  palette.set([...UNSURE_COLOR, 255], 4 * UNSURE_ENTRY);
  for (const { value, color } of classes) {
    const rgb = parseHex(color);
    if (rgb && value > 0 && value < 255) palette.set([...rgb, 255], 4 * value);
  }
  return palette;
}

export function parseHex(color: string): RGB | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color.trim());
  if (!match) return null;
  return [parseInt(match[1], 16), parseInt(match[2], 16), parseInt(match[3], 16)];
}

export function layerUnsure(layer: LabelLayer | null): number {
  return layer ? unsureOf(layer.dtype) : UNSURE;
}
