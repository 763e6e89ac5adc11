/** The manager's pages: jobs and counts stay current, strips along z answer the pointer. */
import { keepLive } from "./live.ts";
import { loadMessages } from "./messages.ts";
import { liveStrips } from "./strip.ts";

await loadMessages();
const root = document.getElementById("dashboard");
if (root?.dataset.live) keepLive(root, (parts) => parts.forEach(liveStrips));
liveStrips(document);
