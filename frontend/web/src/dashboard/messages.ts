/** What the manager's pages say by themselves; the rest of their text comes from the server. */
import { catalogue, type Translated } from "../i18n/catalogue.ts";

const en = {
  "job.progress": "Progress of {title}",
  "strip.slice": "slice {z}",
  "strip.audit": "{state}, audit",
  "strip.none": "not shown",
  "strip.labelled": "came labelled",
  "strip.open": "waits for masks",
  "strip.agreed": "agreed",
  "strip.accepted": "accepted",
} as const;

export type Messages = Translated<typeof en>;

const { t, load } = catalogue(en, { de: () => import("./messages.de.ts") });
export { en as english, load as loadMessages, t };
