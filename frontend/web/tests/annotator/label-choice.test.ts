import { describe, expect, test } from "vitest";
import { LabelChoice } from "../../src/annotator/label-choice.svelte.ts";
import type { TaskPayload } from "../../src/annotator/types.ts";
import { LabelPlane } from "../../src/engine/index.ts";

function choice(instances: boolean, mask = [0, 0, 0, 0]): LabelChoice {
  const labels = Uint16Array.from(mask);
  const classes = [{ value: 1, name: "cell", color: "#112233" }, { value: 4, name: "vessel", color: "#CC79A7" }];
  const task = { study: { classes, label_dtype: "uint16", instances } } as TaskPayload;
  const found = new LabelChoice(task, new LabelPlane(2, 2, labels), labels);
  found.begin();
  return found;
}

describe("where labels are classes", () => {
  test("only classes of the study can be chosen, and the first is", () => {
    const labels = choice(false);
    expect(labels.value).toBe(1);
    labels.chooseClass(4);
    labels.chooseClass(3);
    expect(labels.value).toBe(4);
    expect(labels.name).toBe("vessel");
    expect(labels.colorOf(1)).toBe("rgb(17 34 51)");
  });

  test("unsure is chosen and left again", () => {
    const labels = choice(false);
    labels.chooseClass(4);
    labels.toggleUnsure();
    expect([labels.value, labels.name]).toEqual([65535, "Unsure"]);
    labels.toggleUnsure();
    expect(labels.value).toBe(4);
    labels.pick(65535);
    labels.toggleUnsure();
    expect(labels.value).toBe(4);
  });

  test("there are no new objects", () => {
    const labels = choice(false);
    expect(labels.newObject()).toBe(false);
    expect(labels.value).toBe(1);
  });
});

describe("where labels are objects", () => {
  test("the first stroke makes a new one, and so it goes on", () => {
    const labels = choice(true, [0, 7, 7, 65535]);
    const first = labels.value;
    expect(first).toBeGreaterThan(7);
    expect(first).toBeLessThan(65535);
    expect(labels.newObject()).toBe(true);
    expect(labels.value).toBeGreaterThan(first);
  });

  test("one that is there can be picked, background cannot", () => {
    const labels = choice(true, [0, 7, 7, 0]);
    expect(labels.pick(0)).toBe(false);
    expect(labels.pick(7)).toBe(true);
    expect([labels.value, labels.name]).toEqual([7, "Object 7"]);
  });

  test("keys of classes choose nothing", () => {
    const labels = choice(true, [0, 7, 7, 0]);
    labels.chooseClass(1);
    expect(labels.value).not.toBe(1);
  });
});
