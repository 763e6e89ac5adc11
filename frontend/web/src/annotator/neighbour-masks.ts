/** What the neighbouring slices say about the task's own: the mask of one, or one between two. */
import type { Heavy, LabelArray } from "../engine/index.ts";
import type { MachineLayers } from "./machine-layers.ts";
import { t } from "./messages.ts";
import type { TaskPayload } from "./types.ts";

export type TakeOver = "copy" | "interpolate";

export interface TakenOver {
  labels: LabelArray;
  /** The slices that it comes from: one or two. */
  from: number[];
}

export function sayingOf({ from }: TakenOver): string {
  const [z, other] = from.map((at) => at + 1);
  return other === undefined ? t("take.copied", { z }) : t("take.between", { z, other });
}

export class NeighbourMasks {
  constructor(
    private readonly task: TaskPayload,
    private readonly machine: Pick<MachineLayers, "labels">,
    private readonly heavy: Pick<Heavy, "run">,
  ) {}

  /** The mask of the slice on show, or of the nearest one when that is the task's own. */
  async copy(shown: number): Promise<TakenOver | null> {
    const { z } = this.task;
    const order = shown === z ? this.nearestFirst(this.task.neighbours) : [shown];
    return this.first(order);
  }

  /** Interpolated between the nearest masks before and after; of one side alone its mask. */
  async interpolate(): Promise<TakenOver | null> {
    const { z, neighbours, width, height, cube } = this.task;
    const [before, after] = await Promise.all([
      this.first(this.nearestFirst(neighbours.filter((other) => other < z))),
      this.first(this.nearestFirst(neighbours.filter((other) => other > z))),
    ]);
    if (!before || !after) return before ?? after;
    const [, y, x] = cube.voxel_size;
    const fine = Math.min(y, x);
    const from = [before.from[0], after.from[0]];
    const labels = await this.heavy.run("between", before.labels, after.labels, {
      width, height, share: (z - from[0]) / (from[1] - from[0]), sampling: [y / fine, x / fine],
    });
    return { labels, from };
  }

  /** Of equally near slices the one before comes first. */
  private nearestFirst(slices: number[]): number[] {
    const { z } = this.task;
    return slices.filter((other) => other !== z).sort((a, b) => Math.abs(a - z) - Math.abs(b - z) || a - b);
  }

  private async first(slices: number[]): Promise<TakenOver | null> {
    for (const z of slices) {
      const labels = await this.machine.labels(z);
      if (labels) return { labels, from: [z] };
    }
    return null;
  }
}
