/** The list of jobs: rows are kept and changed in place, so that focus and scroll stay. */
import { t } from "./messages.ts";

export interface Job {
  id: string;
  title: string;
  state: string;
  word: string;
  progress: number;
  message: string;
  error: string;
}

const TONES: Record<string, string> = {
  running: "info",
  done: "good",
  failed: "bad",
  cancelled: "warn",
};

export function drawJobs(list: HTMLElement, jobs: Job[]): void {
  const rows = new Map<string, HTMLElement>();
  for (const row of list.querySelectorAll<HTMLElement>("[data-job]")) {
    rows.set(row.dataset.job ?? "", row);
  }
  jobs.forEach((job, index) => {
    const row = rows.get(job.id) ?? newRow(job.id);
    rows.delete(job.id);
    fill(row, job);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  for (const gone of rows.values()) gone.remove();
}

function newRow(id: string): HTMLElement {
  const row = document.createElement("li");
  row.dataset.job = id;
  const badge = element("span", "badge");
  const title = element("span", "job-title");
  const progress = element("progress", "progress");
  progress.max = 1;
  const share = element("span", "num muted job-share");
  row.append(badge, title, progress, share);
  return row;
}

function fill(row: HTMLElement, job: Job): void {
  row.className = job.state;
  const [badge, title, progress, share] = row.children as unknown as [
    HTMLElement,
    HTMLElement,
    HTMLProgressElement,
    HTMLElement,
  ];
  const running = job.state === "running";
  badge.className = `badge ${TONES[job.state] ?? ""}`;
  setText(badge, job.word);
  const parts: Node[] = [document.createTextNode(job.title)];
  if (job.message) parts.push(document.createTextNode(" "), span("muted", job.message));
  if (job.error) parts.push(document.createTextNode(" "), span("bad-text", job.error));
  title.replaceChildren(...parts);
  progress.hidden = !running;
  progress.value = job.progress;
  progress.setAttribute("aria-label", t("job.progress", { title: job.title }));
  setText(share, running ? `${Math.round(job.progress * 100)}\u202f%` : "");
}

function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function span(name: string, text: string): HTMLElement {
  const node = element("span", name);
  node.textContent = text;
  return node;
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = name;
  return node;
}
