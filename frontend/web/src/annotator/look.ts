/** How image and marks are drawn, from what the person has set. */
import type { Style, Window } from "../engine/index.ts";
import type { Settings } from "./settings.svelte.ts";

/** `ratio`: device pixels per CSS pixel. */
export function styleOf(settings: Settings, ratio: number, shown: { mine: boolean; machine: boolean }): Style {
  return {
    low: settings.low,
    high: settings.high,
    opacity: settings.opacity,
    fill: settings.fill,
    line: Math.max(1, Math.round(1.5 * ratio)),
    dash: 5 * ratio,
    mine: shown.mine,
    machine: shown.machine && settings.machine,
  };
}

/**
 * The part of the intensities that tiles had better show, where voxels have more than the 256 greys
 * of a tile; undefined where the whole range shows as much.
 */
export function exactWindow(dtype: string, { low, high }: Pick<Settings, "low" | "high">): Window | undefined {
  return dtype === "uint8" || (low === 0 && high === 255) ? undefined : { low, high };
}
