/** Drafts: every stroke is on disk before the page says "saved". */
import type { JournalEntry } from "../../engine/index.ts";
import { committed, deleteDraft, wait, type Begun, type Draft, type JournalLine } from "./database.ts";

export class DraftStore {
  private readonly database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.database = database;
  }

  /** Stores or updates a draft; its journal stays. */
  async put(draft: Draft): Promise<void> {
    const transaction = this.database.transaction("drafts", "readwrite");
    transaction.objectStore("drafts").put(draft);
    await committed(transaction);
  }

  /** Adds a line to a draft's journal. Lines keep the order in which they were added. */
  async append(assignmentId: string, entry: JournalEntry): Promise<void> {
    const transaction = this.database.transaction("journal", "readwrite");
    const line: JournalLine = { assignmentId, entry };
    transaction.objectStore("journal").add(line);
    await committed(transaction);
  }

  /** The latest draft of a study that has at least one stroke, with its journal. */
  async latest(study: string): Promise<Begun | null> {
    const store = this.database.transaction("drafts").objectStore("drafts");
    const drafts: Draft[] = await wait(store.getAll());
    const own = drafts.filter((d) => d.study === study).sort((a, b) => b.updatedAt - a.updatedAt);
    for (const draft of own) {
      const journal = await this.journal(draft.assignmentId);
      if (journal.length > 0) return { draft, journal };
    }
    return null;
  }

  /** The draft of an assignment, with its journal. */
  async of(assignmentId: string): Promise<Begun | null> {
    const store = this.database.transaction("drafts").objectStore("drafts");
    const draft: Draft | undefined = await wait(store.get(assignmentId));
    return draft ? { draft, journal: await this.journal(assignmentId) } : null;
  }

  async journal(assignmentId: string): Promise<JournalEntry[]> {
    const store = this.database.transaction("journal").objectStore("journal");
    const lines: JournalLine[] = await wait(store.index("assignment").getAll(assignmentId));
    return lines.map((line) => line.entry);
  }

  async remove(assignmentId: string): Promise<void> {
    const transaction = this.database.transaction(["drafts", "journal"], "readwrite");
    const done = committed(transaction);
    await deleteDraft(transaction, assignmentId);
    await done;
  }
}
