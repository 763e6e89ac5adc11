/** What pages say that the server draws otherwise. */
import { catalogue, type Translated } from "../i18n/catalogue.ts";

const en = {
  "copy.done": "Copied",
  "copy.byHand": "Press Ctrl+C",
  "body.label": "The mask as a body in space",
  "body.turn": "Turn the body",
} as const;

export type Messages = Translated<typeof en>;

const { t, load } = catalogue(en, { de: () => import("./messages.de.ts") });
export { en as english, load as loadMessages, t };
