// Asks for the first task before all other scripts; src/annotator/first-visit.ts takes it over. Inline (see inline.py).
(() => {
  const { study, csrf } = document.currentScript.dataset;
  const wish = () => {
    try {
      return JSON.parse(localStorage.getItem("lamella.annotator") ?? "{}").wish ?? "any";
    } catch {
      // Storage may be switched off.
      return "any";
    }
  };
  const asked = async (url, options) => {
    const answer = await fetch(url, { credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
    return answer;
  };
  const next = async () => {
    const answer = await asked(`/api/v1/studies/${study}/next`, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify({ kind: wish(), with_proposal: true }),
    });
    return answer.status === 204 ? null : answer.json();
  };
  const propose = async () => {
    const found = await task;
    if (!found || found.proposal.origin === "none") return null;
    const { packed, url } = found.proposal;
    if (packed) return Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    return (await asked(url)).arrayBuffer();
  };
  const task = next();
  const proposal = propose();
  for (const each of [task, proposal]) each.catch(() => undefined);
  window.firstTask = { task, proposal };
})();
