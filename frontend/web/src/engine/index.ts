/** The engine's public face: everything that a page may use of it. */
export { Editor } from "./editor.ts";
export { Heavy } from "./heavy/heavy.ts";
export { Mirror } from "./heavy/mirror.ts";
export { History, type JournalEntry } from "./history.ts";
export { PointerInput, type Gestures } from "./input.ts";
export { ObjectIds } from "./ids.ts";
export { allocate, narrow, unsureOf, widen, type LabelArray, type LabelDtype } from "./labels.ts";
export { LabelPlane, type Patch, type Rect } from "./plane.ts";
export { buildPalette, paletteEntry, type LabelLayer, type Style } from "./render/scene.ts";
export { Stage } from "./stage.ts";
export { scaleBar, type Bounds, type Size } from "./view.ts";
export { replaceLabels } from "./tools/replace.ts";
export { within } from "./tools/flood.ts";
export type { Point, Refusal, Tool, ToolSettings } from "./tools/stroke.ts";
export type { TileSource, Window } from "./pyramid.ts";
