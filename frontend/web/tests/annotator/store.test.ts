import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { JournalEntry } from "../../src/engine/index.ts";
import { openDatabase, type Draft, type OutboxItem } from "../../src/annotator/store/database.ts";
import { DraftStore } from "../../src/annotator/store/drafts.ts";
import { Outbox, type Send, type Sent } from "../../src/annotator/store/outbox.ts";
import type { TaskPayload } from "../../src/annotator/types.ts";

let factory: IDBFactory;
let database: IDBDatabase;

beforeEach(async () => {
  factory = new IDBFactory();
  database = await openDatabase(factory);
});

function draft(assignmentId: string, study = "liver", updatedAt = 1): Draft {
  return {
    assignmentId, study, updatedAt, task: { task_id: 1 } as TaskPayload,
    proposal: Uint8Array.of(1, 2, 3), activeSeconds: 0, comment: "", hard: false,
  };
}

function stroke(...bytes: number[]): JournalEntry {
  return { kind: "stroke", tool: "brush", patch: Uint8Array.from(bytes) };
}

function item(id: string, assignmentId = `a-${id}`): OutboxItem {
  return { id, assignmentId, study: "liver", createdAt: Number(id) || 0, refused: null, body: { id } as OutboxItem["body"] };
}

/** A server that stores each id once, and whose answers can be lost on the way. */
class Server {
  readonly stored = new Map<string, number>();
  requests = 0;
  fate: () => "ok" | "lost-request" | "lost-answer" | "busy" = () => "ok";

  readonly send: Send = async ({ id }): Promise<Sent> => {
    this.requests++;
    await Promise.resolve();
    const fate = this.fate();
    if (fate === "lost-request" || fate === "busy") return { state: "later", detail: fate };
    if (!this.stored.has(id)) this.stored.set(id, this.stored.size);
    if (fate === "lost-answer") return { state: "later", detail: fate };
    return { state: "stored", result: { id, task_id: 1, changed_voxels: 0, supersedes: null, message: "" } };
  };
}

describe("drafts", () => {
  test("come back with every stroke, in order, after a reload", async () => {
    const store = new DraftStore(database);
    await store.put(draft("one"));
    const entries: JournalEntry[] = [stroke(1), { kind: "undo" }, { kind: "redo" }, stroke(2, 3)];
    for (const entry of entries) await store.append("one", entry);
    database.close();
    const again = new DraftStore(await openDatabase(factory));
    const found = await again.latest("liver");
    expect(found?.draft.assignmentId).toBe("one");
    expect(found?.journal).toEqual(entries);
  });

  test("without a stroke, or of another study, are not work to go back to", async () => {
    const store = new DraftStore(database);
    await store.put(draft("empty"));
    await store.put(draft("other", "kidney"));
    await store.append("other", stroke(1));
    expect(await store.latest("liver")).toBeNull();
  });

  test("are found by their assignment, begun or not", async () => {
    const store = new DraftStore(database);
    await store.put(draft("empty"));
    await store.put(draft("begun"));
    await store.append("begun", stroke(1));
    expect(await store.of("empty")).toEqual({ draft: draft("empty"), journal: [] });
    expect((await store.of("begun"))?.journal).toEqual([stroke(1)]);
    expect(await store.of("unknown")).toBeNull();
  });

  test("the latest comes first, and a removed one takes its journal with it", async () => {
    const store = new DraftStore(database);
    for (const [id, at] of [["old", 1], ["new", 2]] as const) {
      await store.put(draft(id, "liver", at));
      await store.append(id, stroke(at));
    }
    expect((await store.latest("liver"))?.draft.assignmentId).toBe("new");
    await store.remove("new");
    expect((await store.latest("liver"))?.draft.assignmentId).toBe("old");
    expect(await store.journal("new")).toEqual([]);
  });
});

describe("outbox", () => {
  test("takes the draft over in the same breath", async () => {
    const drafts = new DraftStore(database);
    await drafts.put(draft("a-1"));
    await drafts.append("a-1", stroke(1));
    const outbox = new Outbox(database, { send: () => Promise.resolve({ state: "later", detail: "" }), delay: () => 1e6 });
    await outbox.enqueue(item("1"));
    expect(await drafts.latest("liver")).toBeNull();
    expect(await outbox.waiting()).toHaveLength(1);
    outbox.dispose();
  });

  test("delivers and forgets", async () => {
    const server = new Server();
    const outbox = new Outbox(database, { send: server.send });
    await outbox.enqueue(item("1"));
    expect((await outbox.deliver("1")).state).toBe("stored");
    expect(await outbox.items()).toEqual([]);
  });

  test("keeps what the server refuses, and goes on with the next", async () => {
    const send: Send = ({ id }) => Promise.resolve(
      id === "1"
        ? { state: "refused", detail: "This slice was not given to you." }
        : { state: "stored", result: { id, task_id: 1, changed_voxels: 0, supersedes: null, message: "" } },
    );
    const outbox = new Outbox(database, { send });
    await outbox.enqueue(item("1"));
    await outbox.enqueue(item("2"));
    expect((await outbox.deliver("2")).state).toBe("stored");
    expect((await outbox.items()).map((i) => [i.id, i.refused])).toEqual([["1", "This slice was not given to you."]]);
    expect(await outbox.waiting()).toEqual([]);
  });

  test("tries again by itself until the connection is back", async () => {
    const server = new Server();
    let failures = 3;
    server.fate = () => (failures-- > 0 ? "lost-request" : "ok");
    const outbox = new Outbox(database, { send: server.send, delay: () => 1 });
    await outbox.enqueue(item("1"));
    expect((await outbox.deliver("1")).state).toBe("later");
    await vi.waitFor(async () => expect(await outbox.items()).toEqual([]));
    expect(server.stored.size).toBe(1);
    expect(server.requests).toBe(4);
  });

  test("two flushes at once send nothing twice", async () => {
    const server = new Server();
    const outbox = new Outbox(database, { send: server.send });
    await outbox.enqueue(item("1"));
    await Promise.all([outbox.flush(), outbox.flush(), outbox.deliver("1")]);
    expect(server.requests).toBe(1);
  });

  test("counts every correction exactly once, whatever is lost and whenever the tab dies", async () => {
    const fate = fc.constantFrom("ok", "lost-request", "lost-answer", "busy" as const);
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 25 }), fc.array(fc.boolean(), { maxLength: 8 }), async (fates, deaths) => {
        const own = new IDBFactory();
        const server = new Server();
        let at = 0;
        server.fate = () => (fates[at++] ?? "ok") as "ok";
        const ids: string[] = [];
        let tab = await openDatabase(own);
        let outbox = new Outbox(tab, { send: server.send, delay: () => 1e6 });
        for (const [i, dies] of deaths.entries()) {
          ids.push(String(i + 1));
          await outbox.enqueue(item(String(i + 1)));
          const sending = outbox.deliver(String(i + 1));
          if (dies) {
            // The tab is gone in the middle of a sending; another begins with what is on disk.
            outbox.dispose();
            await sending.catch(() => undefined);
            tab.close();
            tab = await openDatabase(own);
            outbox = new Outbox(tab, { send: server.send, delay: () => 1e6 });
          }
          await sending;
        }
        while ((await outbox.waiting()).length > 0) await outbox.flush();
        outbox.dispose();
        expect([...server.stored.keys()].sort()).toEqual(ids.sort());
      }),
      { numRuns: 40 },
    );
  });
});
