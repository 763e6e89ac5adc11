/** Tiles that are asked for before there is a canvas to show them on. */
import { fetchBitmap } from "./tile-loader.ts";

const coming = new Map<string, Promise<ImageBitmap>>();

/** Asks for tiles now; what was asked for earlier and never shown is let go. */
export function fetchTilesAhead(urls: string[]): void {
  for (const unused of coming.values()) void unused.then((bitmap) => bitmap.close()).catch(() => undefined);
  coming.clear();
  const { signal } = new AbortController();
  for (const url of urls) {
    const tile = fetchBitmap(url, signal);
    // Whoever shows it asks once more.
    tile.catch(() => undefined);
    coming.set(url, tile);
  }
}

/** Whether a tile was asked for and has not been handed over yet. */
export function isComing(url: string): boolean {
  return coming.has(url);
}

/** As `fetchBitmap`; a tile that was asked for ahead is handed over. */
export async function takeBitmap(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const bitmap = await coming.get(url)?.catch(() => null);
  coming.delete(url);
  return bitmap ?? fetchBitmap(url, signal);
}
