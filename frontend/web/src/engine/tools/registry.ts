/** The tools by name. */
import { brush } from "./brush.ts";
import { eraser } from "./eraser.ts";
import { fill } from "./fill.ts";
import { lasso } from "./lasso.ts";
import { merge } from "./merge.ts";
import { object } from "./object.ts";
import { smart } from "./smart-brush.ts";
import { split } from "./split.ts";
import type { MakeStroke, Tool } from "./stroke.ts";

export const TOOLS: Record<Tool, MakeStroke> = { brush, eraser, smart, lasso, fill, split, merge, object };
