/** Strips along z: the pointer shows slice, score and state; a click goes to the slice. */
import { share } from "../i18n/numbers.ts";
import { t } from "./messages.ts";

/** In the order of pages/charts.py; a column names its state by place. */
const STATES = ["none", "labelled", "open", "agreed", "accepted"] as const;
type Column = [z: number, error: number | null, state: number, audit: 0 | 1];

export function liveStrips(root: ParentNode): void {
  for (const strip of root.querySelectorAll<HTMLElement>("[data-strip]")) makeLive(strip);
}

function makeLive(strip: HTMLElement): void {
  const columns = JSON.parse(strip.dataset.strip ?? "[]") as Column[];
  const href = strip.dataset.href ?? "";
  if (columns.length === 0) return;
  const cursor = document.createElement("div");
  cursor.className = "strip-cursor";
  const tip = document.createElement("div");
  tip.className = "strip-tip";
  cursor.hidden = tip.hidden = true;
  strip.append(cursor, tip);

  const at = (event: PointerEvent | MouseEvent): number => {
    const box = strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.min(columns.length - 1, Math.max(0, Math.floor(share * columns.length)));
  };

  strip.addEventListener("pointermove", (event) => {
    const index = at(event);
    const column = columns[index];
    if (!column) return;
    cursor.hidden = tip.hidden = false;
    cursor.style.left = `${((index + 0.5) / columns.length) * 100}%`;
    tip.textContent = describe(column);
    const half = tip.offsetWidth / 2;
    const middle = ((index + 0.5) / columns.length) * strip.clientWidth;
    tip.style.left = `${Math.min(Math.max(middle, half), strip.clientWidth - half)}px`;
  });
  strip.addEventListener("pointerleave", () => {
    cursor.hidden = tip.hidden = true;
  });
  strip.addEventListener("click", (event) => {
    const column = columns[at(event)];
    if (column) location.href = href.replace("{z}", String(column[0]));
  });
}

export function describe([z, error, state, audit]: Column): string {
  const parts = [t("strip.slice", { z: z + 1 })];
  if (error !== null) parts.push(share(error, 3));
  const word = t(`strip.${STATES[state] ?? "none"}`);
  parts.push(audit ? t("strip.audit", { state: word }) : word);
  return parts.join(" · ");
}
