/** The state of the review: the queue, the chosen task, the last verdict. */
import { ApiError, type ReviewApi } from "./api.ts";
import { t } from "./messages.ts";
import { MOST_COUNTED } from "./words.ts";
import { TaskMasks } from "./masks.ts";
import type { Detail, Filter, Item, Layer, Verdict } from "./types.ts";

const PAGE = 60;
const EVERYTHING: Filter = { only: "", cube: "", round: "", label: "", volunteer: "" };

export class ReviewQueue {
  items = $state.raw<Item[]>([]);
  total = $state(0);
  counts = $state.raw({ waiting: 0, contested: 0, doubted: 0 });
  filter = $state.raw<Filter>(EVERYTHING);
  /** Where the next page begins; empty after the last. */
  after = $state("");
  chosen = $state<number | null>(null);
  detail = $state.raw<Detail | null>(null);
  masks = $state.raw<TaskMasks | null>(null);
  layer = $state<Layer>("consensus");
  place = $state(0);
  loading = $state(true);
  busy = $state(false);
  /** One sentence about the last failure; empty when there is none. */
  error = $state("");
  said = $state("");
  last = $state.raw<Verdict | null>(null);

  private readonly api: ReviewApi;
  // Only remembered, never shown.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  private readonly details = new Map<number, Promise<Detail>>();

  constructor(api: ReviewApi, start: Partial<Filter>) {
    this.api = api;
    this.filter = { ...EVERYTHING, ...start };
  }

  get filtered(): boolean {
    return Object.values(this.filter).some(Boolean);
  }

  get index(): number {
    return this.items.findIndex((item) => item.id === this.chosen);
  }

  get current(): Item | null {
    return this.items[this.index] ?? null;
  }

  /** Reads the queue anew; keeps the chosen task if it still waits. */
  async load(prefer: number | null = this.chosen): Promise<void> {
    this.loading = true;
    await this.guard(async () => {
      const queue = await this.api.queue(this.filter);
      this.items = queue.items;
      this.after = queue.after;
      this.total = queue.total ?? queue.items.length;
      this.counts = {
        waiting: queue.waiting ?? 0, contested: queue.contested ?? 0, doubted: queue.doubted ?? 0,
      };
      const kept = queue.items.find((item) => item.id === prefer) ?? queue.items[0];
      await this.choose(kept?.id ?? null);
    });
    this.loading = false;
  }

  /** Narrows the queue further, or anew. */
  async narrow(change: Partial<Filter>): Promise<void> {
    this.filter = { ...this.filter, ...change };
    await this.load();
  }

  async everything(): Promise<void> {
    await this.narrow(EVERYTHING);
  }

  async more(): Promise<void> {
    await this.guard(async () => {
      if (!this.after) return;
      const queue = await this.api.queue(this.filter, this.after);
      const known = this.items.map((item) => item.id);
      this.items = [...this.items, ...queue.items.filter((item) => !known.includes(item.id))];
      this.after = queue.after;
    });
  }

  async choose(id: number | null): Promise<void> {
    this.chosen = id;
    if (id === null) {
      this.detail = this.masks = null;
      return;
    }
    await this.guard(async () => {
      const detail = await this.fetchDetail(id);
      if (this.chosen !== id) return;
      this.detail = detail;
      this.masks = new TaskMasks(this.api, detail);
      this.place = 0;
      const next = this.items[this.index + 1];
      // The next task is fetched while this one is looked at.
      if (next) void this.fetchDetail(next.id).catch(() => undefined);
    });
  }

  async step(by: number): Promise<void> {
    const next = this.items[this.index + by];
    if (next) {
      await this.choose(next.id);
      if (this.index > this.items.length - 10 && this.after) await this.more();
    }
  }

  /** 3 again shows the next correction; every other key shows its layer. */
  show(layer: Layer): void {
    const count = this.detail?.corrections.length ?? 0;
    if (layer === "correction") {
      if (count === 0) return;
      this.place = this.layer === "correction" ? (this.place + 1) % count : 0;
    }
    this.layer = layer;
  }

  showCorrection(place: number): void {
    this.layer = "correction";
    this.place = place;
  }

  accept(): Promise<void> {
    return this.judge((id) => this.api.accept(id));
  }

  sendBack(note: string): Promise<void> {
    return this.judge((id) => this.api.sendBack(id, note));
  }

  fix(maskHash: string, difference: string): Promise<void> {
    return this.judge((id) => this.api.fix(id, maskHash, difference));
  }

  private async judge(give: (id: number) => Promise<Verdict>): Promise<void> {
    const item = this.current;
    if (!item || this.busy) return;
    this.busy = true;
    await this.guard(async () => {
      const verdict = await give(item.id);
      const at = this.index;
      this.last = verdict;
      this.said = t("queue.said", { z: item.z + 1, cube: item.cube, word: verdict.word });
      this.details.delete(item.id);
      this.items = this.items.filter((other) => other.id !== item.id);
      this.total = oneLess(this.total);
      this.counts = { ...this.counts, waiting: oneLess(this.counts.waiting) };
      if (this.items.length === 0 && this.after) await this.load();
      else await this.choose((this.items[at] ?? this.items[at - 1])?.id ?? null);
    });
    this.busy = false;
  }

  async undo(): Promise<void> {
    const verdict = this.last;
    if (!verdict || this.busy) return;
    this.busy = true;
    await this.guard(async () => {
      await this.api.undo(verdict.id);
      this.last = null;
      this.said = t("queue.undone");
      this.details.clear();
      await this.load(verdict.consensus_id);
    });
    this.busy = false;
  }

  private fetchDetail(id: number): Promise<Detail> {
    let found = this.details.get(id);
    if (!found) {
      found = this.api.detail(id);
      this.details.set(id, found);
      found.catch(() => this.details.delete(id));
      if (this.details.size > PAGE) this.details.delete(this.details.keys().next().value!);
    }
    return found;
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.error = "";
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      // Somebody else judged it, or new masks came in: what is on show is no longer true.
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) {
        this.details.clear();
      }
    }
  }
}

/** Of "more than 10,000" one less is still more. */
function oneLess(count: number): number {
  return count > MOST_COUNTED ? count : Math.max(0, count - 1);
}
