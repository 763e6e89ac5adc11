/** What the page remembers about a person's taste, in the browser's local storage. */
import type { Keys } from "./keymap.ts";
import type { Wish } from "./types.ts";

export interface Settings {
  size: number;
  low: number;
  high: number;
  opacity: number;
  fill: boolean;
  machine: boolean;
  patches: boolean;
  singleKeys: boolean;
  keys: Keys;
  /** Which slices are liked best. */
  wish: Wish;
  /** The first steps that are the same in every study were shown. */
  hinted: boolean;
  /** Studies whose own lessons were shown. */
  taught: string[];
  /** Consent text versions agreed to, by study. */
  consent: Record<string, string>;
}

const KEY = "lamella.annotator";
const DEFAULTS: Settings = {
  size: 20,
  low: 0,
  high: 255,
  opacity: 0.35,
  fill: true,
  machine: true,
  patches: true,
  singleKeys: true,
  keys: {},
  wish: "any",
  hinted: false,
  taught: [],
  consent: {},
};

function load(): Settings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...(stored as Partial<Settings>) };
  } catch {
    // Storage can be switched off or hold something else: the page works without it.
    return { ...DEFAULTS };
  }
}

export const settings = $state<Settings>(load());

/** Called after each change that should last. */
export function remember(): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // As above.
  }
}
