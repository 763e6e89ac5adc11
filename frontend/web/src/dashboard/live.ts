/** Asks one small address every few seconds; the server answers 304 while nothing changed. */
import { drawJobs, type Job } from "./jobs.ts";
import { refreshParts, remember } from "./parts.ts";

const EVERY_MS = 4000;
const AT_MOST_MS = 60_000;

export interface Live {
  jobs: Job[];
  stamp: string;
  [key: string]: unknown;
}

/**
 * Keeps the page under `root` current. `data-live` is the address, `data-parts` the ids of the
 * parts to draw anew when the answer's stamp changes, `data-stamp` the stamp the page was made at,
 * `data-stamp-key` which of the answer's stamps counts.
 */
export function keepLive(root: HTMLElement, onParts: (parts: HTMLElement[]) => void): void {
  const url = root.dataset.live ?? "";
  const ids = (root.dataset.parts ?? "").split(",").filter(Boolean);
  const key = root.dataset.stampKey ?? "stamp";
  remember(document, ids);
  let stamp = root.dataset.stamp ?? "";
  let etag = "";
  let wait = EVERY_MS;
  let timer = 0;

  async function ask(): Promise<void> {
    try {
      const answer = await fetch(url, { headers: etag ? { "If-None-Match": etag } : {} });
      // A role that was taken away, or a study that is gone, does not come back by asking.
      if (answer.status === 403 || answer.status === 404) return;
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") ?? "";
        const live = (await answer.json()) as Live;
        show(root, live);
        const now = String(live[key]);
        // A page that was made without a stamp is as it is now.
        if (stamp && now !== stamp) onParts(await refreshParts(ids));
        stamp = now;
      }
      wait = EVERY_MS;
    } catch {
      wait = Math.min(wait * 2, AT_MOST_MS);
    }
    plan();
  }

  function plan(): void {
    clearTimeout(timer);
    if (!document.hidden) timer = window.setTimeout(() => void ask(), wait);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) void ask();
  });
  if (stamp) plan();
  else void ask();
}

export function show(root: HTMLElement, live: Live): void {
  for (const place of root.querySelectorAll<HTMLElement>("[data-live-text]")) {
    const value = live[place.dataset.liveText ?? ""];
    if (typeof value === "number") place.textContent = grouped(value);
  }
  for (const list of root.querySelectorAll<HTMLElement>("[data-jobs]")) {
    drawJobs(list, live.jobs);
    const empty = list.parentElement?.querySelector<HTMLElement>("[data-jobs-empty]");
    if (empty) empty.hidden = live.jobs.length > 0;
  }
}

export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
