/** The pages in German. Words and tone: docs/translating.md. */
import type { Messages } from "./messages.ts";

const de: Messages = {
  "copy.done": "Kopiert",
  "copy.byHand": "Drücke Strg+C",
};

export default de;
