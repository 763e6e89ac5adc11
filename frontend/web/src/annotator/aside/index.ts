/** All that a slice can be shown without: fetched once the first one is there. */
import { warmUp } from "../../engine/warm-up.ts";
export { default as ConsentDialog } from "./ConsentDialog.svelte";
export { default as EmptyHint } from "./EmptyHint.svelte";
export { default as HelpDialog } from "./HelpDialog.svelte";
export { default as MenuSheet } from "./MenuSheet.svelte";
export { loadMessages } from "./messages.ts";
export { default as Notice } from "./Notice.svelte";
export { default as SidePanel } from "./SidePanel.svelte";
export { default as Tutorial } from "./Tutorial.svelte";

// Once the slice is there, and before the hand is.
setTimeout(warmUp, 1200);
