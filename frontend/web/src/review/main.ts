/** Mounts the review queue on <div id="review" data-study data-csrf data-only>. */
import { mount } from "svelte";
import { loadMessages } from "./messages.ts";
import Review from "./Review.svelte";
import type { Only } from "./types.ts";

const target = document.getElementById("review");
if (target) {
  const { study = "", csrf = "", only = "" } = target.dataset;
  const start: Only = only === "contested" || only === "remarked" || only === "doubted" ? only : "";
  await loadMessages();
  mount(Review, { target, props: { study, csrf, only: start } });
}
