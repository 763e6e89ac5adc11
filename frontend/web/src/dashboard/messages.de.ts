/** The manager's pages in German. Words and tone: docs/translating.md. */
import type { Messages } from "./messages.ts";

const de: Messages = {
  "job.progress": "Fortschritt von {title}",
  "strip.slice": "Schicht {z}",
  "strip.audit": "{state}, Prüfung",
  "strip.none": "nicht gezeigt",
  "strip.labelled": "kam mit Labels",
  "strip.open": "wartet auf Masken",
  "strip.agreed": "vereinbart",
  "strip.accepted": "angenommen",
};

export default de;
