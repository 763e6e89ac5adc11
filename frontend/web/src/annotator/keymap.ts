/** Keys to actions. Single-letter keys can be changed or switched off; chords are fixed. */

export const ACTIONS = {
  brush: ["b"],
  eraser: ["e"],
  smart: ["s"],
  lasso: ["l"],
  fill: ["g"],
  split: ["k"],
  merge: ["j"],
  object: ["a"],
  pick: ["i"],
  unsure: ["u"],
  interpolate: ["v"],
  copy: ["c"],
  smaller: ["[", "-"],
  larger: ["]", "+"],
  previousSlice: ["d"],
  nextSlice: ["f"],
  hide: ["x"],
  outline: ["o"],
  machine: ["m"],
  nextPatch: ["n"],
  fit: ["0"],
  help: ["?"],
} as const satisfies Record<string, readonly string[]>;

export type Action = keyof typeof ACTIONS;
export type Keys = Partial<Record<Action, string>>;

export type Command =
  | { kind: "action"; action: Action; shift: boolean }
  | { kind: "class"; value: number }
  | { kind: "move"; dx: number; dy: number; far: boolean }
  | { kind: "stamp"; shift: boolean }
  | { kind: "undo" | "redo" | "submit" | "escape" | "pan" };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The keys that stand for an action now. */
export function keysOf(action: Action, own: Keys): readonly string[] {
  const key = own[action];
  return key === undefined ? ACTIONS[action] : [key];
}

/** What a key press means, or null. `letters`: whether single-letter keys are on. */
export function command(event: KeyPress, own: Keys, letters = true): Command | null {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (event.altKey) return matchAction(key, event.shiftKey, own, letters);
    if (key === "z") return { kind: event.shiftKey ? "redo" : "undo" };
    if (key === "y") return { kind: "redo" };
    if (key === "Enter") return { kind: "submit" };
    return null;
  }
  if (key in ARROWS) {
    const [dx, dy] = ARROWS[key];
    return { kind: "move", dx, dy, far: event.shiftKey };
  }
  if (key === "Enter") return { kind: "stamp", shift: event.shiftKey };
  if (key === "Escape") return { kind: "escape" };
  if (key === " ") return { kind: "pan" };
  return matchAction(key, event.shiftKey, own, letters);
}

/** AltGr arrives as Ctrl+Alt on some systems: brackets need it on many keyboards. */
function matchAction(key: string, shift: boolean, own: Keys, letters: boolean): Command | null {
  if (!letters && key.length === 1) return null;
  const actions = Object.keys(ACTIONS) as Action[];
  // A key that a person chose stays theirs when a later version uses it for something new.
  const action = actions.find((a) => own[a] === key) ?? actions.find((a) => keysOf(a, own).includes(key));
  if (action) return { kind: "action", action, shift };
  if (/^[1-9]$/.test(key)) return { kind: "class", value: Number(key) };
  return null;
}
