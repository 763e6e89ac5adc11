/** Asks for a slice's first tiles while its proposal is still under way. */
import { firstTiles } from "../engine/first-tiles.ts";
import { fetchTilesAhead } from "../engine/tiles-ahead.ts";
import type { Size } from "../engine/view.ts";
import { aspectOf, regionOf } from "./task-place.ts";
import type { TaskPayload } from "./types.ts";

let canvas: Size | null = null;

/** The canvas as it is now: the next slice will have the same. */
export function noteCanvas(size: Size): void {
  canvas = size;
}

/** What App.svelte's grid leaves for the canvas; a little off costs a tile or two. */
function guess(): Size {
  const narrow = innerWidth <= 640;
  const beside = narrow ? 0 : 97 + (innerWidth <= 960 ? 0 : 264);
  return { width: Math.max(1, innerWidth - beside), height: Math.max(1, innerHeight - (narrow ? 160 : 110)) };
}

export function fetchAhead(task: TaskPayload): void {
  const source = { ...task.cube, cubeId: task.cube.id };
  fetchTilesAhead(firstTiles(source, task.z, regionOf(task), aspectOf(task), canvas ?? guess(), devicePixelRatio));
}
