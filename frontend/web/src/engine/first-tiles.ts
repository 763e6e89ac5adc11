/** The tiles that a slice will show first, known before there is a canvas to show them on. */
import { Pyramid, type TileSource } from "./pyramid.ts";
import { View, type Bounds, type Size } from "./view.ts";

/** CSS pixels around a slice that is fitted to the canvas. */
export const FIT_MARGIN = 12;

/** Addresses of the tiles of slice z with `region` fitted to a canvas of `size` CSS pixels. */
export function firstTiles(
  source: TileSource, z: number, region: Bounds, aspect: number, size: Size, ratio: number,
): string[] {
  const pyramid = new Pyramid(source);
  const view = new View(pyramid.image, aspect);
  view.resize({ width: Math.round(size.width * ratio), height: Math.round(size.height * ratio) });
  view.fit(region, FIT_MARGIN * ratio);
  const level = pyramid.chooseLevel(view.scale);
  return pyramid.tiles(level, z, view.visible()).map((tile) => pyramid.url(tile));
}
