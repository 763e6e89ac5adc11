/**
 * The browser's database of unsent work: drafts (one an assignment), their journals (one line a
 * stroke) and the outbox of finished corrections.
 */
import type { JournalEntry } from "../../engine/index.ts";
import type { CorrectionIn, TaskPayload } from "../types.ts";

export interface Draft {
  assignmentId: string;
  study: string;
  task: TaskPayload;
  /** Transport form of the proposal, so that a reload needs no server; null when it is empty. */
  proposal: Uint8Array | null;
  activeSeconds: number;
  comment: string;
  hard: boolean;
  updatedAt: number;
  /** The correction that this one takes the place of, if it was called back. */
  recalls?: string;
}

export interface JournalLine {
  assignmentId: string;
  entry: JournalEntry;
}

/** A task that work has begun on. */
export interface Begun {
  draft: Draft;
  journal: JournalEntry[];
}

export interface OutboxItem {
  /** The correction's id, which is also its idempotency key. */
  id: string;
  study: string;
  assignmentId: string;
  body: CorrectionIn;
  createdAt: number;
  /** The correction that this one takes the place of. */
  recalls?: string;
  /** The server's sentence, once it has refused the correction for good. */
  refused: string | null;
}

const NAME = "lamella";
const VERSION = 1;

export function openDatabase(factory: IDBFactory = indexedDB, name = NAME): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("drafts", { keyPath: "assignmentId" });
      const journal = database.createObjectStore("journal", { autoIncrement: true });
      journal.createIndex("assignment", "assignmentId");
      database.createObjectStore("outbox", { keyPath: "id" });
    };
    request.onsuccess = () => {
      // Another tab with a newer version of the page must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error("The browser's storage cannot be opened."));
    request.onblocked = () => reject(new Error("Another tab keeps the browser's storage closed."));
  });
}

export function wait<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's storage failed."));
  });
}

/** Resolves when the transaction is on disk, which is what "saved" means. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("The browser's storage is full."));
  });
}

/** Deletes a draft and its journal inside a transaction that covers both stores. */
export async function deleteDraft(transaction: IDBTransaction, assignmentId: string): Promise<void> {
  transaction.objectStore("drafts").delete(assignmentId);
  const journal = transaction.objectStore("journal");
  const keys = await wait(journal.index("assignment").getAllKeys(assignmentId));
  for (const key of keys) journal.delete(key);
}
