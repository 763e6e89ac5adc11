/** Mounts the review queue on <div id="review" data-study data-csrf data-choices …>. */
import { mount } from "svelte";
import { loadMessages } from "./messages.ts";
import Review from "./Review.svelte";
import type { Choices, Only } from "./types.ts";

const KINDS: readonly string[] = ["contested", "doubted", "audit", "remarked"];

const target = document.getElementById("review");
if (target) {
  const { study = "", csrf = "", only = "", volunteer = "", cube = "", trail = "" } = target.dataset;
  const choices = JSON.parse(target.dataset.choices ?? "{}") as Choices;
  const start = {
    only: (KINDS.includes(only) ? only : "") as Only,
    volunteer,
    cube: choices.cubes.some(({ id }) => String(id) === cube) ? cube : "",
  };
  await loadMessages();
  mount(Review, { target, props: { study, csrf, start, choices, trail } });
}
