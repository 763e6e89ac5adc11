/** The tools by name. */
import { brush } from "./brush.ts";
import { eraser } from "./eraser.ts";
import { fill } from "./fill.ts";
import { lasso } from "./lasso.ts";
import type { MakeStroke, Tool } from "./stroke.ts";

export const TOOLS: Record<Tool, MakeStroke> = { brush, eraser, lasso, fill };
