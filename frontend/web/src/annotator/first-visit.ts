/**
 * The first task, which a short script (platform/lamella/pages/first-task.js) has asked for before this one
 * was read. Its tiles are asked for and its proposal is opened while the page is still being built.
 */
import { Heavy } from "../engine/heavy/heavy.ts";
import { Mirror } from "../engine/heavy/mirror.ts";
import { fetchAhead } from "./fetch-ahead.ts";
import { openDatabase } from "./store/database.ts";
import type { Proposed } from "./task-masks.ts";
import type { TaskPayload } from "./types.ts";

declare global {
  interface Window {
    /** Task and packed proposal; null where there is nothing to do, or nothing is proposed. */
    firstTask?: { task: Promise<TaskPayload | null>; proposal: Promise<ArrayBuffer | Uint8Array | null> };
  }
}

export interface FirstTask {
  /** Null where there is nothing to do. */
  task: TaskPayload | null;
  /** Null where nothing is proposed, or it did not come. */
  proposed: Promise<Proposed | null>;
}

/** Where strokes are kept. */
export const database = openDatabase();
// Whoever waits for it says what is wrong.
database.catch(() => undefined);

/** The page's worker, which is at work before the page is. */
export const heavy = new Heavy();

/** Whether there is no graphics card; null where only the page itself can tell. */
export const software: Promise<boolean | null> = heavy.run("software").catch(() => null);

let coming: Promise<FirstTask | null> | null = takeOver().catch(() => null);

/** What was asked for, once; null where it was not, or did not come. */
export async function takeFirst(): Promise<FirstTask | null> {
  const first = coming;
  coming = null;
  return first;
}

async function takeOver(): Promise<FirstTask | null> {
  const asked = window.firstTask;
  if (!asked) return null;
  const task = await asked.task;
  if (task) fetchAhead(task);
  return { task, proposed: task ? open(task, asked.proposal).catch(() => null) : Promise.resolve(null) };
}

async function open(
  { proposal, width, height, study }: TaskPayload, sent: Promise<ArrayBuffer | Uint8Array | null>,
): Promise<Proposed | null> {
  const bytes = await sent;
  if (!bytes) return null;
  const packed = new Uint8Array(bytes);
  const mirror = new Mirror(heavy);
  const { labels, mine, hash } = await heavy.run("begin", mirror.number, packed, width, height, study.label_dtype);
  return hash === proposal.hash ? { labels, mine, packed, mirror } : null;
}
