/**
 * When the server says that something changed, the page is fetched again and the parts that show it
 * are exchanged. The server draws everything; this only keeps what the reader has opened, and where
 * they read.
 */
const served = new Map<string, Node>();

/** Keeps what the server made of the parts, before scripts add to them. */
export function remember(page: Document, ids: readonly string[]): void {
  for (const id of ids) {
    const part = page.getElementById(id);
    if (part) served.set(id, part.cloneNode(true));
  }
}

export async function refreshParts(ids: readonly string[]): Promise<HTMLElement[]> {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "refresh" } });
  if (!answer.ok) return [];
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  return exchange(document, fresh, ids);
}

/** Exchanges the parts of `fresh` into `page`; returns the new elements. */
export function exchange(page: Document, fresh: Document, ids: readonly string[]): HTMLElement[] {
  const exchanged: HTMLElement[] = [];
  for (const id of ids) {
    const old = page.getElementById(id);
    const next = fresh.getElementById(id);
    if (!old || !next || (served.get(id) ?? old).isEqualNode(next)) continue;
    const read = readIn(old, page.activeElement);
    // Somebody is using this part: it is exchanged next time.
    if (!read && old.contains(page.activeElement) && page.activeElement !== page.body) continue;
    const opened = [...old.querySelectorAll<HTMLDetailsElement>("details[id]")].map((d) => ({
      id: d.id,
      open: d.open,
    }));
    const adopted = page.importNode(next, true);
    for (const { id: name, open } of opened) {
      const details = adopted.querySelector<HTMLDetailsElement>(`details[id="${CSS.escape(name)}"]`);
      if (details) details.open = open;
    }
    const places = placesOf(old);
    served.set(id, next);
    old.replaceWith(adopted);
    goBack(adopted, places);
    if (read) page.getElementById(read)?.focus({ preventScroll: true });
    exchanged.push(adopted);
  }
  return exchanged;
}

/** The id of a log that has the focus to be scrolled by keys, which changes nothing in it. */
function readIn(part: HTMLElement, active: Element | null): string | null {
  return active?.id && part.contains(active) && active.getAttribute("role") === "log" ? active.id : null;
}

interface Place {
  id: string;
  top: number;
  atEnd: boolean;
}

function placesOf(part: HTMLElement): Place[] {
  return [...part.querySelectorAll<HTMLElement>("[role=log][id]")].map((log) => ({
    id: log.id,
    top: log.scrollTop,
    atEnd: log.scrollTop + log.clientHeight >= log.scrollHeight - 4,
  }));
}

/** Logs stand where they were read; at the end one follows what is added. */
function goBack(part: HTMLElement, places: readonly Place[]): void {
  for (const { id, top, atEnd } of places) {
    const log = part.querySelector<HTMLElement>(`[id="${CSS.escape(id)}"]`);
    if (log) log.scrollTop = atEnd ? log.scrollHeight : top;
  }
}
