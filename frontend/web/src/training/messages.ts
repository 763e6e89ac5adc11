/** What the training desk says by itself; the rest of its text comes from the server. */
import { catalogue, type Translated } from "../i18n/catalogue.ts";

const en = {
  "curves.at": "at step {step}",
} as const;

export type Messages = Translated<typeof en>;

const { t, load } = catalogue(en, { de: () => import("./messages.de.ts") });
export { en as english, load as loadMessages, t };
