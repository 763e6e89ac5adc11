/** The pages in German. Words and tone: docs/translating.md. */
import type { Messages } from "./messages.ts";

const de: Messages = {
  "copy.done": "Kopiert",
  "body.label": "Die Maske als Körper im Raum",
  "body.turn": "Körper drehen",
  "copy.byHand": "Drücke Strg+C",
};

export default de;
