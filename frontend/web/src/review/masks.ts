/** Masks of one task, fetched and decoded once each and kept while the task may be looked at. */
import { unpack } from "../engine/codec.ts";
import { contours, toPath } from "./contours.ts";
import type { ReviewApi } from "./api.ts";
import type { Detail, Layer } from "./types.ts";

export interface Drawn {
  mask: Uint32Array;
  outline: Path2D;
}

export class TaskMasks {
  readonly detail: Detail;
  private readonly api: ReviewApi;
  private readonly kept = new Map<string, Promise<Drawn>>();

  constructor(api: ReviewApi, detail: Detail) {
    this.api = api;
    this.detail = detail;
  }

  /** The mask of a layer; `place` says which correction. */
  get(layer: Exclude<Layer, "image">, place = 0): Promise<Drawn> {
    const path = this.path(layer, place);
    let found = this.kept.get(path);
    if (!found) {
      found = this.load(path, layer !== "disagreement");
      this.kept.set(path, found);
      // What failed is asked for again next time.
      found.catch(() => this.kept.delete(path));
    }
    return found;
  }

  private path(layer: Exclude<Layer, "image">, place: number): string {
    if (layer !== "correction") return `masks/${layer}`;
    return `corrections/${this.detail.corrections[place].id}/mask`;
  }

  private async load(path: string, outlined: boolean): Promise<Drawn> {
    const { width, height } = this.detail;
    const packed = await this.api.mask(this.detail.id, path);
    const { mask } = await unpack(packed, { width, height });
    return { mask, outline: outlined ? toPath(contours(mask, width, height)) : new Path2D() };
  }
}
