/** Mounts the way in for cubes and labels on <div id="upload" data-kind data-study data-csrf …>. */
import { mount } from "svelte";
import { IngestApi } from "./api.ts";
import AddCube from "./AddCube.svelte";
import AddLabels from "./AddLabels.svelte";
import { loadMessages } from "./messages.ts";
import type { LabelClass } from "./types.ts";

const target = document.getElementById("upload");
if (target) {
  await loadMessages();
  const { kind, study = "", csrf = "", byPath, cube = "", classes = "[]", instances } = target.dataset;
  const api = new IngestApi(study, csrf);
  const common = { api, study, byPath: byPath === "true" };
  if (kind === "labels") {
    mount(AddLabels, {
      target,
      props: {
        ...common,
        cube: Number(cube),
        classes: JSON.parse(classes) as LabelClass[],
        instances: instances === "true",
      },
    });
  } else {
    mount(AddCube, { target, props: common });
  }
}
