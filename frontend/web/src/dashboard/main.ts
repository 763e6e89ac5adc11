/** The manager's pages: jobs and counts stay current, strips along z answer the pointer. */
import { keepLive } from "./live.ts";
import { liveStrips } from "./strip.ts";

liveStrips(document);
const root = document.getElementById("dashboard");
if (root?.dataset.live) keepLive(root, (parts) => parts.forEach(liveStrips));
