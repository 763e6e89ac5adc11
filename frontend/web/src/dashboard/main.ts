/** The manager's study home: jobs and counts stay current, strips along z answer the pointer. */
import { keepLive } from "./live.ts";
import { liveStrips } from "./strip.ts";

const root = document.getElementById("dashboard");
if (root?.dataset.live) keepLive(root, root.dataset.live);
liveStrips(document);
