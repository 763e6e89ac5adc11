/*
 * Asks for the first task and its proposal while the correction page's own scripts are still on their
 * way; frontend/web/src/annotator/first-visit.ts takes over what comes. Not a module: those run late.
 */
(() => {
  const { study, csrf } = document.currentScript.dataset;
  const wish = () => {
    try {
      return JSON.parse(localStorage.getItem("lamella.annotator") ?? "{}").wish ?? "any";
    } catch {
      // Storage can be switched off or hold something else.
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
      body: JSON.stringify({ kind: wish() }),
    });
    return answer.status === 204 ? null : answer.json();
  };
  const propose = async () => {
    const found = await task;
    if (!found || found.proposal.origin === "none") return null;
    return (await asked(found.proposal.url)).arrayBuffer();
  };
  const task = next();
  const proposal = propose();
  // Whoever takes them asks in the usual way then, and says what is wrong.
  for (const each of [task, proposal]) each.catch(() => undefined);
  window.firstTask = { task, proposal };
})();
