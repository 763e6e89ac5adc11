/** Mounts the correction page on <div id="annotator" data-study data-csrf data-consent>. */
import { mount } from "svelte";
import "../ui/main.ts";
import App from "./App.svelte";

const target = document.getElementById("annotator");
if (target) {
  const { study = "", csrf = "", consent = "" } = target.dataset;
  mount(App, { target, props: { study, csrf, consent } });
}
