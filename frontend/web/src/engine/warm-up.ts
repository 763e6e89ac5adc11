/**
 * A few strokes on a plane that nobody sees. Browsers compile what has run several times, so that the
 * first stroke of a visit would otherwise be several times as slow as the tenth.
 */
import { Editor } from "./editor.ts";
import { LabelPlane } from "./plane.ts";
import type { Tool } from "./tools/stroke.ts";

const SIDE = 512;
const TOOLS: readonly Tool[] = ["brush", "eraser", "lasso", "fill"];
const TURNS = 12;

export function warmUp(): void {
  const plane = new LabelPlane(SIDE, SIDE, "uint8");
  const editor = new Editor(plane, () => undefined);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const tool of TOOLS) {
      const y = 40 + 30 * turn;
      editor.start({ tool, size: 24, label: 1 + (turn % 2), remove: false }, { x: 30, y });
      for (let x = 30; x < SIDE; x += 24) editor.move({ x, y: y + 20 * Math.sin(x) });
      editor.end();
      plane.takeDirty();
    }
    editor.undo();
    editor.redo();
  }
}
