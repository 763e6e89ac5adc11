/** How image and marks are drawn, from what the person has set. */
import type { Style } from "../engine/index.ts";
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
