/** The training desk in German. Words and tone: docs/translating.md. */
import type { Messages } from "./messages.ts";

const de: Messages = {
  "curves.at": "bei Schritt {step}",
};

export default de;
