/** Listens to the keyboard for the whole page and hands commands to session and workbench. */
import { command, type Action, type Command } from "./keymap.ts";
import type { Session } from "./session.svelte.ts";
import { remember, settings } from "./settings.svelte.ts";
import type { Workbench } from "./workbench.svelte.ts";

export interface KeyboardHooks {
  help(): void;
  /** A dialog is open: keys belong to it. */
  blocked(): boolean;
}

/** Text fields and sliders use keys themselves; buttons use Space and Enter. */
function belongsTo(target: EventTarget | null, wanted: Command): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLTextAreaElement || target.isContentEditable) return wanted.kind !== "submit";
  if (target instanceof HTMLInputElement) {
    return target.type === "range" ? wanted.kind === "move" : !["submit", "undo", "redo"].includes(wanted.kind);
  }
  if (target instanceof HTMLSelectElement) return wanted.kind !== "submit";
  const pressable = target.closest("button, a, summary");
  return pressable !== null && ["stamp", "pan"].includes(wanted.kind);
}

/** Returns a function that stops listening. */
export function listenToKeys(session: Session, hooks: KeyboardHooks): () => void {
  const controller = new AbortController();
  const { signal } = controller;

  addEventListener("keydown", (event) => {
    const { bench } = session;
    if (!bench || session.phase.name !== "work" || hooks.blocked()) return;
    const wanted = command(event, settings.keys, settings.singleKeys);
    if (!wanted || belongsTo(event.target, wanted)) return;
    event.preventDefault();
    bench.clock.note(event.timeStamp);
    perform(session, bench, wanted, event, hooks);
  }, { signal });

  addEventListener("keyup", (event) => {
    const { bench } = session;
    if (!bench) return;
    // With or without modifiers: what was held must always come free.
    if (event.key === " ") bench.holdPan(false);
    const released = command({ key: event.key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }, settings.keys);
    if (released?.kind === "action" && released.action === "hide") bench.hidden = false;
  }, { signal });

  addEventListener("blur", () => {
    if (!session.bench) return;
    session.bench.holdPan(false);
    session.bench.hidden = false;
  }, { signal });

  return () => controller.abort();
}

function perform(session: Session, bench: Workbench, wanted: Command, event: KeyboardEvent, hooks: KeyboardHooks): void {
  switch (wanted.kind) {
    case "undo":
      return bench.undo();
    case "redo":
      return bench.redo();
    case "submit":
      if (!event.repeat) void session.submit();
      return;
    case "escape":
      return bench.hand.escape();
    case "pan":
      return bench.holdPan(true);
    case "class":
      return bench.labels.chooseClass(wanted.value);
    case "move":
      return bench.hand.moveCursor(wanted.dx, wanted.dy, wanted.far);
    case "stamp":
      return bench.hand.stamp(wanted.shift);
    case "action":
      if (wanted.action === "help") hooks.help();
      else act(bench, wanted.action, wanted.shift);
  }
}

function act(bench: Workbench, action: Exclude<Action, "help">, shift: boolean): void {
  switch (action) {
    case "brush":
    case "eraser":
    case "smart":
    case "lasso":
    case "fill":
    case "split":
    case "object":
      return bench.hand.choose(action);
    case "merge":
      // Classes cannot be merged.
      return bench.labels.ids ? bench.hand.choose(action) : undefined;
    case "pick":
      return shift ? bench.hand.newObject() : bench.hand.pickHere();
    case "unsure":
      return bench.labels.toggleUnsure();
    case "interpolate":
      return void bench.takeOver("interpolate");
    case "copy":
      return void bench.takeOver("copy");
    case "smaller":
      return bench.resizeBrush(-1);
    case "larger":
      return bench.resizeBrush(1);
    case "previousSlice":
      return bench.flipTo(bench.z - 1);
    case "nextSlice":
      return bench.flipTo(bench.z + 1);
    case "hide":
      bench.hidden = true;
      return;
    case "outline":
      settings.fill = !settings.fill;
      return remember();
    case "machine":
      settings.machine = !settings.machine;
      return remember();
    case "nextPatch":
      return bench.visitPatch(shift ? -1 : 1);
    case "fit":
      return bench.fit();
  }
}
