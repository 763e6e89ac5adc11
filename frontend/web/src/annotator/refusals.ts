/** What a person is told when a stroke has had no effect. */
import type { Refusal } from "../engine/index.ts";
import type { MessageKey } from "./messages.ts";

export const REFUSALS: Record<Refusal, MessageKey> = {
  "open-region": "canvas.openRegion",
  "no-image": "canvas.noImage",
  "nothing-parted": "canvas.nothingParted",
  "nothing-merged": "canvas.nothingMerged",
  "no-ids": "canvas.noIds",
  "nothing-proposed": "canvas.nothingProposed",
  "nothing-marked": "canvas.nothingMarked",
  "already-there": "canvas.alreadyThere",
};
