/** The masks of a task as the server holds them: its proposal, its neighbours', the experts'. */
import { allocate, Mirror, type Heavy, type LabelArray } from "../engine/index.ts";
import type { Api } from "./api.ts";
import { t } from "./messages.ts";
import type { TaskPayload } from "./types.ts";

export interface Proposed {
  labels: LabelArray;
  /** The same once more, to be drawn on. */
  mine: LabelArray;
  /** As it was sent, to be kept with the draft; null where nothing is proposed. */
  packed: Uint8Array | null;
  /** Where the worker follows what is drawn. */
  mirror: Mirror;
}

export class TaskMasks {
  private readonly api: Api;
  private readonly heavy: Heavy;

  constructor(api: Api, heavy: Heavy) {
    this.api = api;
    this.heavy = heavy;
  }

  /** What the task begins with; `kept` from an earlier visit saves the way to the server. */
  async proposal(task: TaskPayload, kept: Uint8Array | null | undefined): Promise<Proposed> {
    const { width, height, study: { label_dtype } } = task;
    const mirror = new Mirror(this.heavy);
    if (task.proposal.origin === "none") {
      const [labels, mine] = [0, 1].map(() => allocate(label_dtype, width * height));
      await this.heavy.run("beginEmpty", mirror.number, width, height, label_dtype);
      return { labels, mine, packed: null, mirror };
    }
    const packed = kept ?? (await this.api.proposal(task)).packed;
    const { labels, mine, hash } = await this.heavy.run("begin", mirror.number, packed, width, height, label_dtype);
    if (hash !== task.proposal.hash) throw new Error(t("error.proposal"));
    return { labels, mine, packed, mirror };
  }

  /** The proposal of a neighbouring slice; null where there is none. */
  async neighbour(task: TaskPayload, z: number): Promise<LabelArray | null> {
    if (task.proposal.origin === "none") return null;
    try {
      return (await this.opened(task, (await this.api.proposal(task, z)).packed)).labels;
    } catch {
      // The neighbour's image is what matters; its marks are an extra.
      return null;
    }
  }

  /** What the experts drew of a practice slice that was handed in. */
  async gold(task: TaskPayload, correctionId: string): Promise<LabelArray> {
    return (await this.opened(task, await this.api.gold(correctionId))).labels;
  }

  private opened({ width, height, study }: TaskPayload, packed: Uint8Array): Promise<{ labels: LabelArray; hash: string }> {
    return this.heavy.run("open", packed, width, height, study.label_dtype);
  }
}
