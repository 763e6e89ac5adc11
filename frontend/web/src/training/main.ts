/** The training desk: runs, curves and jobs stay current. */
import { keepLive } from "../dashboard/live.ts";
import { loadMessages } from "../dashboard/messages.ts";

await loadMessages();
const root = document.getElementById("desk");
if (root?.dataset.live) keepLive(root, () => undefined);
