import { written } from "../i18n/numbers.ts";
import { t } from "./messages.ts";

/** "1-5, 9" as people count (from 1) to the slices z (from 0); null means all. */
export function parseSlices(text: string, depth: number): number[] | null {
  const wanted = text.trim();
  if (wanted === "" || [t("labels.all"), "all"].includes(wanted.toLowerCase())) return null;
  const found = new Set<number>();
  for (const part of wanted.split(",")) {
    const match = /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(part);
    if (!match) throw new RangeError(t("slices.none", { part: part.trim() }));
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 1 || to > depth || from > to) {
      throw new RangeError(t("slices.outside", { depth, part: part.trim() }));
    }
    for (let z = from; z <= to; z++) found.add(z - 1);
  }
  return [...found].sort((a, b) => a - b);
}

export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let size = bytes;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${size < 10 && at > 0 ? written(size.toFixed(1)) : Math.round(size)}\u202f${units[at]}`;
}
