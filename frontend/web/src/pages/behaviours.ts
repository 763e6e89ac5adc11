import { pageLanguage } from "../i18n/catalogue.ts";
import { loadMessages, t } from "./messages.ts";

/** `<button data-copy="#id">` copies the text of the element it names, and says so. */
export function copyButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.addEventListener("click", () => void copyFor(button));
  }
}

async function copyFor(button: HTMLButtonElement): Promise<void> {
  const source = document.querySelector(button.dataset.copy ?? "");
  if (!source) return;
  const text = (source.textContent ?? "").trim();
  const before = button.textContent;
  await loadMessages();
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = t("copy.done");
  } catch {
    // Without https the clipboard is closed to scripts: select the text, so that Ctrl+C does it.
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    button.textContent = t("copy.byHand");
  }
  setTimeout(() => (button.textContent = before), 2000);
}

/** `<time datetime>` gets a tooltip with the moment in the reader's own time zone. */
export function localTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.title = moment.toLocaleString(pageLanguage());
  }
}
