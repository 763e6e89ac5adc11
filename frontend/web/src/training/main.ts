/** The training desk: runs, curves and jobs stay current. */
import { keepLive } from "../dashboard/live.ts";

const root = document.getElementById("desk");
if (root?.dataset.live) keepLive(root, () => undefined);
