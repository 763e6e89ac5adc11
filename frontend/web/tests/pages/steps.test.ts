// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { stepForms, told } from "../../src/pages/steps.ts";

const page = `
<form data-steps>
  <section data-step="Question"><div class="stack"><h2>Q</h2></div><div class="field"><label for="t">Title</label><input id="t" name="title" required></div></section>
  <section data-step="Who"><h2>W</h2><fieldset class="field"><legend>Visibility</legend><label><input type="radio" name="v" value="a" checked> Members only</label></fieldset></section>
  <section data-step="Review" data-step-review hidden><h2>R</h2><dl class="review-facts" data-change="Change" data-empty="none"></dl></section>
  <button type="button" data-step-back hidden></button><button type="button" data-step-next hidden></button><button data-step-end></button>
</form>`;

const shown = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>("[data-step]")].filter((s) => !s.hidden).map((s) => s.dataset.step);
const press = (name: string): void => document.querySelector<HTMLElement>(`[data-step-${name}]`)!.click();

describe("a form in steps", () => {
  beforeEach(() => {
    document.body.innerHTML = page;
    for (const element of document.querySelectorAll("h2")) element.scrollIntoView = () => undefined;
    stepForms(document);
  });

  it("shows one part at a time and the button that ends it at the end alone", () => {
    expect(shown()).toEqual(["Question"]);
    expect(document.querySelector<HTMLElement>("[data-step-end]")!.hidden).toBe(true);
  });

  it("does not go on past what is not filled in", () => {
    press("next");
    expect(shown()).toEqual(["Question"]);
    document.querySelector<HTMLInputElement>("#t")!.value = "Liver 3";
    press("next");
    expect(shown()).toEqual(["Who"]);
  });

  it("tells at last what was filled in", () => {
    document.querySelector<HTMLInputElement>("#t")!.value = "Liver 3";
    press("next");
    press("next");
    expect(shown()).toEqual(["Review"]);
    const facts = document.querySelector(".review-facts")!;
    expect([...facts.querySelectorAll("dt")].map((d) => d.textContent)).toEqual(["Title", "Visibility"]);
    expect(facts.textContent).toContain("Liver 3");
    expect(facts.textContent).toContain("Members only");
    press("back");
    expect(shown()).toEqual(["Who"]);
  });

  it("begins at the part that the server refused", () => {
    document.body.innerHTML = page.replace("<h2>W</h2>", '<h2>W</h2><ul class="errorlist"><li>No</li></ul>');
    stepForms(document);
    expect(shown()).toEqual(["Who"]);
  });

  it("shortens long texts", () => {
    document.querySelector<HTMLInputElement>("#t")!.value = "x".repeat(300);
    expect(told(document.querySelector<HTMLElement>("[data-step]")!)[0][1]).toHaveLength(158);
  });
});
