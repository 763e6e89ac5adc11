/** Mounts the correction page on <div id="annotator" data-study data-csrf data-consent ...>. */
// First, so that what it waits for is under way.
import "./first-visit.ts";
import { mount } from "svelte";
import "../ui/main.ts";
import App from "./App.svelte";
import { loadMessages } from "./messages.ts";
import type { OtherStudy, PageData } from "./types.ts";

/** What the server wrote into the element's data attributes. */
function readPage({ dataset }: HTMLElement): PageData {
  const study = dataset.study ?? "";
  return {
    study,
    csrf: dataset.csrf ?? "",
    consent: dataset.consent ?? "",
    home: dataset.home ?? `/studies/${study}/`,
    others: dataset.otherStudies ? (JSON.parse(dataset.otherStudies) as OtherStudy[]) : [],
  };
}

const target = document.getElementById("annotator");
if (target) {
  await loadMessages();
  mount(App, { target, props: { page: readPage(target) } });
}
