/**
 * When the server says that something changed, the page is fetched again and the parts that show it
 * are exchanged. The server draws everything; this only keeps what the reader has opened.
 */
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
    if (!old || !next || old.isEqualNode(next)) continue;
    // Somebody is using this part: it is exchanged next time.
    if (old.contains(page.activeElement) && page.activeElement !== page.body) continue;
    const opened = [...old.querySelectorAll<HTMLDetailsElement>("details[id]")].map((d) => ({
      id: d.id,
      open: d.open,
    }));
    const adopted = page.importNode(next, true);
    for (const { id: name, open } of opened) {
      const details = adopted.querySelector<HTMLDetailsElement>(`details[id="${CSS.escape(name)}"]`);
      if (details) details.open = open;
    }
    old.replaceWith(adopted);
    exchanged.push(adopted);
  }
  return exchanged;
}
