/** Mounts the cube explorer on <div id="explorer" data-cube data-csrf data-z …>. */
import { mount } from "svelte";
import Explorer from "./Explorer.svelte";
import { loadMessages } from "./messages.ts";
import type { CubeFacts } from "./types.ts";

const target = document.getElementById("explorer");
if (target) {
  const { cube = "{}", csrf = "", z = "0" } = target.dataset;
  await loadMessages();
  target.replaceChildren();
  mount(Explorer, {
    target,
    props: { cube: JSON.parse(cube) as CubeFacts, csrf, start: Number(z) },
  });
}
