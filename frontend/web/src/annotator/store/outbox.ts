/**
 * The outbox: a finished correction moves from draft to outbox in one transaction, and leaves the
 * outbox only when the server has said that it is stored (or refused for good). Its id is made once,
 * and the server counts an id once, so a repeated sending changes nothing.
 */
import type { CorrectionOut } from "../types.ts";
import { committed, deleteDraft, wait, type OutboxItem } from "./database.ts";

export type Sent =
  | { state: "stored"; result: CorrectionOut }
  /** The server will never take it; the sentence says why. */
  | { state: "refused"; detail: string }
  /** No connection, or the server is busy: try again later. */
  | { state: "later"; detail: string };

export type Send = (item: OutboxItem) => Promise<Sent>;

export interface OutboxOptions {
  send: Send;
  /** Called whenever the number of unsent corrections may have changed. */
  onChange?: () => void;
  /** Runs `work` while no other tab does. */
  exclusively?: (work: () => Promise<void>) => Promise<void>;
  /** Milliseconds before the n-th repetition. */
  delay?: (attempt: number) => number;
}

export function backoff(attempt: number): number {
  return Math.min(60_000, 1000 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/** One tab at a time, where the browser has Web Locks; elsewhere the server's check is enough. */
export async function oneTab(work: () => Promise<void>): Promise<void> {
  if (navigator.locks) await navigator.locks.request("lamella-outbox", work);
  else await work();
}

export class Outbox {
  private readonly database: IDBDatabase;
  private readonly options: OutboxOptions;
  private flushing: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private attempt = 0;
  private readonly results = new Map<string, Sent>();

  constructor(database: IDBDatabase, options: OutboxOptions) {
    this.database = database;
    this.options = options;
  }

  /** Moves a draft into the outbox. When this resolves the correction can no longer be lost. */
  async enqueue(item: OutboxItem): Promise<void> {
    const stores = ["drafts", "journal", "outbox"];
    const transaction = this.database.transaction(stores, "readwrite", { durability: "strict" });
    const done = committed(transaction);
    transaction.objectStore("outbox").put(item);
    await deleteDraft(transaction, item.assignmentId);
    await done;
    this.options.onChange?.();
  }

  async items(): Promise<OutboxItem[]> {
    const store = this.database.transaction("outbox").objectStore("outbox");
    const items: OutboxItem[] = await wait(store.getAll());
    return items.sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Corrections that still wait to be sent. */
  async waiting(): Promise<OutboxItem[]> {
    return (await this.items()).filter((item) => item.refused === null);
  }

  /** Sends one correction and everything before it; says what became of it. */
  async deliver(id: string): Promise<Sent> {
    this.results.delete(id);
    // A round that began before the correction was put in may have passed it by.
    if (this.flushing) await this.flushing;
    await this.flush();
    return this.result(id) ?? { state: "later", detail: "" };
  }

  /** What became of a correction that was sent since the page was opened. */
  result(id: string): Sent | undefined {
    return this.results.get(id);
  }

  /** Sends what waits, oldest first; stops at the first that must wait, and comes back to it. */
  flush(): Promise<void> {
    this.flushing ??= this.run().finally(() => {
      this.flushing = null;
    });
    return this.flushing;
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const exclusively = this.options.exclusively ?? ((work) => work());
    let again = false;
    await exclusively(async () => {
      for (const item of await this.waiting()) {
        const sent = await this.options.send(item);
        this.results.set(item.id, sent);
        if (sent.state === "later") {
          again = true;
          break;
        }
        await this.settle(item, sent);
        this.attempt = 0;
      }
    });
    if (again) {
      this.timer = setTimeout(() => void this.flush(), (this.options.delay ?? backoff)(this.attempt++));
    }
  }

  private async settle(item: OutboxItem, sent: Sent): Promise<void> {
    const transaction = this.database.transaction("outbox", "readwrite", { durability: "strict" });
    const store = transaction.objectStore("outbox");
    // A refused correction stays on the device: it is somebody's work.
    if (sent.state === "refused") store.put({ ...item, refused: sent.detail });
    else store.delete(item.id);
    await committed(transaction);
    this.options.onChange?.();
  }
}
