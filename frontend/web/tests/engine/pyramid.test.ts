import { describe, expect, test, vi } from "vitest";
import { Pyramid, tileKey, type TileAddress } from "../../src/engine/pyramid.ts";
import { TileLoader } from "../../src/engine/tile-loader.ts";

const pyramid = new Pyramid({
  cubeId: 4,
  version: "abc",
  tile: 512,
  low: 100,
  high: 610,
  levels: [
    { level: 0, shape: [40, 1500, 2000], scale: [40, 8, 8] },
    { level: 1, shape: [40, 750, 1000], scale: [40, 16, 16] },
    { level: 2, shape: [20, 375, 500], scale: [80, 32, 32] },
  ],
});
const ALL = { x0: -50, y0: -50, x1: 2100, y1: 1600 };

describe("pyramid", () => {
  test("chooses the coarsest level that still has a pixel for each on screen", () => {
    expect([4, 1, 0.7, 0.5, 0.3, 0.25, 0.01].map((scale) => pyramid.chooseLevel(scale))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });

  test("names the tiles on screen, the middle ones first, and none outside of the level", () => {
    const tiles = pyramid.tiles(0, 7, ALL);
    expect(tiles).toHaveLength(12);
    expect(tiles[0]).toMatchObject({ row: 1, z: 7 });
    expect(pyramid.tiles(0, 7, { x0: 600, y0: 10, x1: 900, y1: 20 })).toEqual([{ level: 0, z: 7, row: 0, col: 1 }]);
    expect(pyramid.tiles(0, 7, { x0: -900, y0: 10, x1: -1, y1: 20 })).toEqual([]);
  });

  test("asks for a slice of level 0 at every level, for the server finds it in a coarser one", () => {
    expect(pyramid.tiles(2, 39, ALL)[0].z).toBe(39);
  });

  test("asks for a part of the range of intensities, under a key of its own", () => {
    const [tile] = pyramid.tiles(2, 3, ALL, { low: 51, high: 102 });
    expect(pyramid.url(tile)).toBe("/api/v1/cubes/4/tiles/2/3/0/0.jpg?v=abc&lo=202&hi=304");
    expect(tileKey(tile)).not.toBe(tileKey(pyramid.tiles(2, 3, ALL)[0]));
  });

  test("knows where a tile lies in the slice, edge tiles being smaller", () => {
    expect(pyramid.bounds({ level: 1, z: 0, row: 1, col: 1 })).toEqual({ x0: 1024, y0: 1024, x1: 2000, y1: 1500 });
  });

  test("asks for immutable addresses", () => {
    expect(pyramid.url({ level: 1, z: 3, row: 0, col: 1 })).toBe("/api/v1/cubes/4/tiles/1/3/0/1.jpg?v=abc");
  });
});

describe("tile loader", () => {
  const address = (col: number): TileAddress => ({ level: 0, z: 0, row: 0, col });
  const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  test("loads each wanted tile once and a few at a time", async () => {
    let running = 0;
    let most = 0;
    const fetchTile = vi.fn(async (url: string) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return url;
    });
    const loader = new TileLoader(pyramid, fetchTile, { onTile: () => undefined, parallel: 2 });
    const wanted = [0, 1, 2, 3].map(address);
    loader.want(wanted);
    loader.want(wanted);
    await rest();
    expect(fetchTile).toHaveBeenCalledTimes(4);
    expect(most).toBe(2);
    expect(loader.has(tileKey(address(3)))).toBe(true);
  });

  test("gives up what is no longer wanted", async () => {
    const aborted: string[] = [];
    const fetchTile = (url: string, signal: AbortSignal): Promise<string> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => {
        aborted.push(url);
        reject(new Error("aborted"));
      }));
    const onError = vi.fn();
    const loader = new TileLoader(pyramid, fetchTile, { onTile: () => undefined, onError });
    loader.want([address(0)]);
    loader.want([]);
    await rest();
    expect(aborted).toHaveLength(1);
    expect(onError).not.toHaveBeenCalled();
  });

  test("tries a failing tile three times, says so once, and again on request", async () => {
    const fetchTile = vi.fn(() => Promise.reject(new Error("no")));
    const onError = vi.fn();
    const loader = new TileLoader(pyramid, fetchTile, { onTile: () => undefined, onError });
    loader.want([address(0)]);
    await rest();
    expect(fetchTile).toHaveBeenCalledTimes(3);
    expect(onError).toHaveBeenCalledTimes(1);
    loader.retry();
    await rest();
    expect(fetchTile).toHaveBeenCalledTimes(6);
  });

  test("drops the least used tiles, never those on screen", async () => {
    const dropped: string[] = [];
    const loader = new TileLoader(pyramid, (url) => Promise.resolve(url), {
      onTile: () => undefined, onDrop: (key) => dropped.push(key), capacity: 2,
    });
    loader.want([0, 1].map(address));
    await rest();
    loader.get(tileKey(address(0)));
    loader.want([address(2)]);
    await rest();
    expect(dropped).toEqual([tileKey(address(1))]);
    loader.want([3, 4, 5].map(address));
    await rest();
    expect([3, 4, 5].every((col) => loader.has(tileKey(address(col))))).toBe(true);
  });
});
