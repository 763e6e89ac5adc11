/** What the machine proposes on the task's own slice and on its neighbours, as layers to draw. */
import type { LabelArray, LabelLayer } from "../engine/index.ts";
import type { TaskPayload } from "./types.ts";

export class MachineLayers {
  /** Null where nothing is proposed on the task's own slice. */
  readonly own: LabelLayer | null;
  private readonly neighbours = new Map<number, LabelLayer | null>();

  constructor(
    private readonly task: TaskPayload,
    proposal: LabelArray,
    private readonly load: (z: number) => Promise<LabelArray | null>,
  ) {
    this.own = task.proposal.origin === "machine" ? this.layer(proposal) : null;
  }

  /** The layer of a slice; undefined where it has not been loaded. */
  of(z: number): LabelLayer | null | undefined {
    return z === this.task.z ? this.own : this.neighbours.get(z);
  }

  async fetch(z: number): Promise<LabelLayer | null> {
    const labels = await this.load(z);
    const layer = labels && this.layer(labels);
    this.neighbours.set(z, layer);
    return layer;
  }

  /** The mask of a slice, loaded where need be; null where it cannot be had. */
  async labels(z: number): Promise<LabelArray | null> {
    const layer = this.of(z) ?? (await this.fetch(z));
    return layer && layer.data;
  }

  private layer(data: LabelArray): LabelLayer {
    const { width, height, study } = this.task;
    return { width, height, dtype: study.label_dtype, data };
  }
}
