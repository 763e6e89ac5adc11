/** Loads tiles a few at a time, the ones on screen first, and keeps the last used ones decoded. */
import { tileKey, type Pyramid, type TileAddress } from "./pyramid.ts";

export type FetchTile<T> = (url: string, signal: AbortSignal) => Promise<T>;

export interface LoaderOptions<T> {
  /** Most tiles that are kept. */
  capacity?: number;
  /** Most requests at once. */
  parallel?: number;
  /** A tile has arrived. */
  onTile: (key: string) => void;
  /** A tile cannot be had after the retries. */
  onError?: (address: TileAddress) => void;
  /** A tile has been dropped from the cache. */
  onDrop?: (key: string, tile: T) => void;
}

const RETRIES = 2;

export class TileLoader<T> {
  private readonly cache = new Map<string, T>();
  private readonly loading = new Map<string, AbortController>();
  private readonly failures = new Map<string, number>();
  private wanted: TileAddress[] = [];
  private wantedKeys = new Set<string>();
  private readonly pyramid: Pyramid;
  private readonly fetchTile: FetchTile<T>;
  private readonly options: LoaderOptions<T>;

  constructor(pyramid: Pyramid, fetchTile: FetchTile<T>, options: LoaderOptions<T>) {
    this.pyramid = pyramid;
    this.fetchTile = fetchTile;
    this.options = options;
  }

  /** The decoded tile, if it is here; using it keeps it. */
  get(key: string): T | undefined {
    const tile = this.cache.get(key);
    if (tile !== undefined) {
      this.cache.delete(key);
      this.cache.set(key, tile);
    }
    return tile;
  }

  has(key: string): boolean {
    return this.cache.has(key);
  }

  /** What the view needs now, most urgent first. Requests for anything else are given up. */
  want(addresses: TileAddress[]): void {
    this.wanted = addresses;
    this.wantedKeys = new Set(addresses.map(tileKey));
    for (const [key, controller] of this.loading) {
      if (!this.wantedKeys.has(key)) controller.abort();
    }
    this.pump();
  }

  /** Tries again what failed, e.g. when the connection is back. */
  retry(): void {
    this.failures.clear();
    this.pump();
  }

  dispose(): void {
    this.wanted = [];
    for (const controller of this.loading.values()) controller.abort();
    for (const [key, tile] of this.cache) this.options.onDrop?.(key, tile);
    this.cache.clear();
  }

  private pump(): void {
    for (const address of this.wanted) {
      if (this.loading.size >= (this.options.parallel ?? 6)) return;
      const key = tileKey(address);
      if (this.cache.has(key) || this.loading.has(key)) continue;
      if ((this.failures.get(key) ?? 0) > RETRIES) continue;
      void this.load(key, address);
    }
  }

  private async load(key: string, address: TileAddress): Promise<void> {
    const controller = new AbortController();
    this.loading.set(key, controller);
    try {
      const tile = await this.fetchTile(this.pyramid.url(address), controller.signal);
      this.failures.delete(key);
      this.cache.set(key, tile);
      this.evict();
      this.options.onTile(key);
    } catch {
      if (!controller.signal.aborted) {
        const failures = (this.failures.get(key) ?? 0) + 1;
        this.failures.set(key, failures);
        if (failures > RETRIES) this.options.onError?.(address);
      }
    } finally {
      this.loading.delete(key);
      this.pump();
    }
  }

  private evict(): void {
    const capacity = Math.max(this.options.capacity ?? 160, this.wantedKeys.size);
    for (const [key, tile] of this.cache) {
      if (this.cache.size <= capacity) return;
      if (this.wantedKeys.has(key)) continue;
      this.cache.delete(key);
      this.options.onDrop?.(key, tile);
    }
  }
}

/** Fetches and decodes a tile in the browser. */
export async function fetchBitmap(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (!response.ok) throw new Error(`The tile ${url} cannot be loaded (${response.status}).`);
  return createImageBitmap(await response.blob(), { colorSpaceConversion: "none" });
}
