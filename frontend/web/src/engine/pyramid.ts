/** The tile pyramid of a cube: which level and which tiles a view needs, and their addresses. */
import type { Bounds, Size } from "./view.ts";

export interface PyramidLevel {
  level: number;
  /** Shape (Z, Y, X) of the level. */
  shape: [number, number, number];
  /** Voxel size (z, y, x) of the level. */
  scale: [number, number, number];
}

/** Part of the cube's range of intensities, in 255ths of it, that tiles show as black to white. */
export interface Window {
  low: number;
  high: number;
}

export interface TileAddress {
  level: number;
  /** Slice of level 0, at every level. */
  z: number;
  row: number;
  col: number;
  /** Left out for the whole range. */
  window?: Window;
}

export interface TileSource {
  cubeId: number | string;
  version: string;
  tile: number;
  levels: PyramidLevel[];
  /** Intensities that tiles of the whole range show as black and white. */
  low: number;
  high: number;
}

export function tileKey({ level, z, row, col, window }: TileAddress): string {
  return `${level}/${z}/${row}/${col}` + (window ? `/${window.low}-${window.high}` : "");
}

export class Pyramid {
  readonly source: TileSource;
  readonly image: Size;

  constructor(source: TileSource) {
    this.source = source;
    const [, height, width] = source.levels[0].shape;
    this.image = { width, height };
  }

  /** Level-0 pixels per pixel of the level, along (y, x). */
  factor(level: number): { y: number; x: number } {
    const [, y0, x0] = this.source.levels[0].scale;
    const [, y, x] = this.source.levels[level].scale;
    return { y: y / y0, x: x / x0 };
  }

  url({ level, z, row, col, window }: TileAddress): string {
    const { cubeId, version, low, high } = this.source;
    const name = this.source.levels[level].level;
    const at = (part: number): number => low + ((high - low) * part) / 255;
    const look = window ? `&lo=${at(window.low)}&hi=${at(window.high)}` : "";
    return `/api/v1/cubes/${cubeId}/tiles/${name}/${z}/${row}/${col}.jpg?v=${encodeURIComponent(version)}${look}`;
  }

  /** The coarsest level that still has a pixel for each device pixel. */
  chooseLevel(scale: number): number {
    let best = 0;
    this.source.levels.forEach((_, level) => {
      if (this.factor(level).x * scale <= 1.001) best = level;
    });
    return best;
  }

  /** The tiles of slice z that meet the image rectangle, nearest to its middle first. */
  tiles(level: number, z: number, visible: Bounds, window?: Window): TileAddress[] {
    const { tile, levels } = this.source;
    const [, height, width] = levels[level].shape;
    const { y: fy, x: fx } = this.factor(level);
    const range = (from: number, to: number, size: number): [number, number] => [
      Math.max(0, Math.floor(from / tile)),
      Math.min(Math.ceil(size / tile) - 1, Math.ceil(to / tile) - 1),
    ];
    const [rowFrom, rowTo] = range(visible.y0 / fy, visible.y1 / fy, height);
    const [colFrom, colTo] = range(visible.x0 / fx, visible.x1 / fx, width);
    const found: TileAddress[] = [];
    for (let row = rowFrom; row <= rowTo; row++) {
      for (let col = colFrom; col <= colTo; col++) found.push({ level, z, row, col, window });
    }
    const my = (visible.y0 + visible.y1) / 2 / fy / tile - 0.5;
    const mx = (visible.x0 + visible.x1) / 2 / fx / tile - 0.5;
    const distance = (t: TileAddress): number => (t.row - my) ** 2 + (t.col - mx) ** 2;
    return found.sort((a, b) => distance(a) - distance(b));
  }

  /** Where a tile lies in level-0 pixels. */
  bounds({ level, row, col }: TileAddress): Bounds {
    const { tile, levels } = this.source;
    const [, height, width] = levels[level].shape;
    const { y: fy, x: fx } = this.factor(level);
    return {
      x0: col * tile * fx,
      y0: row * tile * fy,
      x1: Math.min(width, (col + 1) * tile) * fx,
      y1: Math.min(height, (row + 1) * tile) * fy,
    };
  }
}
