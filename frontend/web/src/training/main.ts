/** The training desk: runs, curves and jobs stay current, and the curves can be read. */
import { keepLive } from "../dashboard/live.ts";
import { loadMessages } from "../dashboard/messages.ts";
import { loadMessages as loadOwn } from "./messages.ts";

await Promise.all([loadMessages(), loadOwn()]);

async function draw(parts: readonly HTMLElement[]): Promise<void> {
  const sections = parts.filter((part) => part.dataset.curves);
  if (!sections.length) return;
  const { drawCurves } = await import("./curves.ts");
  await Promise.all(sections.map(drawCurves));
}

const root = document.getElementById("desk");
if (root) {
  // What came last stands at the end of a log.
  for (const log of root.querySelectorAll("[role=log]")) log.scrollTop = log.scrollHeight;
  if (root.dataset.live) keepLive(root, (parts) => void draw(parts));
  void draw([...root.querySelectorAll<HTMLElement>("[data-curves]")]);
}
