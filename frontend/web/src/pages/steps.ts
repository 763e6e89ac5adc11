/**
 * `<form data-steps>` shows its parts (`data-step` names each) one after another, and at last what
 * was filled in, to look it over. Without scripts it is one long form, and works just as well.
 */
type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export function stepForms(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-steps]")) begin(form);
}

function begin(form: HTMLFormElement): void {
  const parts = [...form.querySelectorAll<HTMLElement>("[data-step]")];
  const back = form.querySelector<HTMLButtonElement>("[data-step-back]")!;
  const next = form.querySelector<HTMLButtonElement>("[data-step-next]")!;
  const end = form.querySelector<HTMLButtonElement>("[data-step-end]")!;
  const list = document.createElement("ol");
  list.className = "steps";
  const marks = parts.map((part, at) => {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.textContent = part.dataset.step ?? "";
    mark.addEventListener("click", () => go(at));
    const item = document.createElement("li");
    item.append(mark);
    list.append(item);
    return mark;
  });
  if (form.dataset.stepsAfter) {
    const after = document.createElement("li");
    after.innerHTML = "<span></span>";
    after.firstElementChild!.textContent = form.dataset.stepsAfter;
    list.append(after);
  }
  parts[0].before(list);
  form.classList.add("stepped");
  let here = 0;

  function show(at: number, focus = true): void {
    here = at;
    parts.forEach((part, place) => (part.hidden = place !== at));
    marks.forEach((mark, place) => {
      mark.toggleAttribute("data-done", place < at);
      if (place === at) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
    });
    const last = at === parts.length - 1;
    back.hidden = at === 0;
    next.hidden = last;
    end.hidden = !last;
    if (last) review(form, parts, go);
    if (focus) parts[at].querySelector<HTMLElement>("h2")?.scrollIntoView({ block: "nearest" });
    if (focus) controls(parts[at])[0]?.focus();
  }

  /** Forwards only past parts that are filled in; to the first that is not. */
  function go(to: number): void {
    const stuck = parts.slice(0, to).findIndex((part) => controls(part).some((c) => !c.checkValidity()));
    show(stuck >= 0 ? stuck : to);
    if (stuck >= 0) controls(parts[stuck]).find((c) => !c.checkValidity())?.reportValidity();
  }

  back.addEventListener("click", () => show(here - 1));
  next.addEventListener("click", () => go(here + 1));
  form.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.key !== "Enter" || here === parts.length - 1 || target.closest("textarea, button, select")) return;
    event.preventDefault();
    go(here + 1);
  });
  const wrong = parts.findIndex((part) => part.querySelector(".errorlist, .banner.bad"));
  show(Math.max(0, wrong), false);
}

function controls(part: HTMLElement): Control[] {
  return [...part.querySelectorAll<Control>("input:not([type=hidden]), textarea, select")];
}

function review(form: HTMLFormElement, parts: HTMLElement[], go: (at: number) => void): void {
  const facts = form.querySelector<HTMLElement>(".review-facts")!;
  facts.replaceChildren();
  parts.slice(0, -1).forEach((part, at) => {
    for (const [name, value] of told(part)) {
      const term = document.createElement("dt");
      term.textContent = name;
      const words = document.createElement("dd");
      words.textContent = value || (facts.dataset.empty ?? "");
      const change = document.createElement("button");
      change.type = "button";
      change.className = "button quiet small";
      change.textContent = facts.dataset.change ?? "";
      change.setAttribute("aria-label", `${facts.dataset.change}: ${name}`);
      change.addEventListener("click", () => go(at));
      words.append(" ", change);
      facts.append(term, words);
    }
  });
}

/** Each field of a part by its label, and what it says. */
export function told(part: HTMLElement): [string, string][] {
  const found: [string, string][] = [];
  for (const list of part.querySelectorAll<HTMLElement>("[data-review]")) {
    const names = [...list.querySelectorAll<HTMLInputElement>("input[type=text]")].map((i) => i.value.trim());
    found.push([list.dataset.review ?? "", names.filter(Boolean).join(", ")]);
  }
  for (const field of part.querySelectorAll<HTMLElement>(".field")) {
    const name = field.querySelector("legend, label")?.firstChild?.textContent?.trim() ?? "";
    const radio = field.querySelector<HTMLInputElement>("input[type=radio]:checked");
    const select = field.querySelector("select");
    const plain = field.querySelector<HTMLInputElement | HTMLTextAreaElement>("input:not([type=radio]), textarea");
    const value =
      radio?.closest("label")?.textContent ?? select?.selectedOptions[0]?.textContent ?? plain?.value ?? "";
    found.push([name, short(value.trim())]);
  }
  return found;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}
