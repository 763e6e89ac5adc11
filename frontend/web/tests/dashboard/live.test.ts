// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { drawJobs, type Job } from "../../src/dashboard/jobs.ts";
import { grouped, show } from "../../src/dashboard/live.ts";
import { exchange, remember } from "../../src/dashboard/parts.ts";
import { describe as words } from "../../src/dashboard/strip.ts";

const JOB: Job = {
  id: "a", title: "Train on 12 slices", state: "running", word: "running", progress: 0.4,
  message: "step 10", error: "",
};

describe("jobs", () => {
  let list: HTMLElement;
  beforeEach(() => {
    list = document.createElement("ul");
  });

  it("keeps rows in place while they change", () => {
    drawJobs(list, [JOB]);
    const row = list.firstElementChild;
    drawJobs(list, [{ ...JOB, id: "b" }, { ...JOB, state: "done", word: "done", progress: 1 }]);
    expect(list.children).toHaveLength(2);
    expect(list.children[1]).toBe(row);
    expect(row?.querySelector("progress")?.hidden).toBe(true);
  });

  it("writes texts as texts", () => {
    drawJobs(list, [{ ...JOB, state: "failed", title: "<b>x</b>", error: "<i>full</i>" }]);
    expect(list.querySelector("b, i")).toBeNull();
    expect(list.textContent).toContain("<i>full</i>");
  });

  it("drops rows that are gone", () => {
    drawJobs(list, [JOB]);
    drawJobs(list, []);
    expect(list.children).toHaveLength(0);
  });
});

describe("live", () => {
  it("writes counts where they are asked for", () => {
    document.body.innerHTML = '<div id="d"><b data-live-text="waiting">1</b></div>';
    show(document.getElementById("d")!, { jobs: [], stamp: "", waiting: 12345 });
    expect(document.querySelector("b")?.textContent).toBe("12\u202f345");
    expect(grouped(999)).toBe("999");
  });

  it("exchanges the parts that changed and keeps what was opened", () => {
    document.body.innerHTML =
      '<section id="p"><details id="t" open></details><i>1</i></section><p id="q">same</p>';
    const fresh = new DOMParser().parseFromString(
      '<section id="p"><details id="t"></details><i>2</i></section><p id="q">same</p>', "text/html",
    );
    const changed = exchange(document, fresh, ["p", "q"]);
    expect(changed.map((part) => part.id)).toEqual(["p"]);
    expect(document.querySelector("i")?.textContent).toBe("2");
    expect(document.querySelector<HTMLDetailsElement>("#t")?.open).toBe(true);
  });

  it("leaves a part alone that scripts have added to, while the server says the same of it", () => {
    document.body.innerHTML = '<section id="r"><i>1</i></section>';
    remember(document, ["r"]);
    document.getElementById("r")?.append(document.createElement("canvas"));
    const page = (text: string) =>
      new DOMParser().parseFromString(`<section id="r"><i>${text}</i></section>`, "text/html");
    expect(exchange(document, page("1"), ["r"])).toEqual([]);
    expect(document.querySelector("canvas")).not.toBeNull();
    expect(exchange(document, page("2"), ["r"])).toHaveLength(1);
    expect(exchange(document, page("2"), ["r"])).toEqual([]);
  });

  it("exchanges a log that is being read, and keeps the focus and the place", () => {
    const page = (text: string) =>
      `<section id="s"><pre id="lines" role="log" tabindex="0">${text}</pre></section>`;
    document.body.innerHTML = page("one");
    remember(document, ["s"]);
    const log = document.getElementById("lines");
    log?.focus();
    Object.defineProperty(log, "scrollHeight", { value: 900 });
    if (log) log.scrollTop = 120;
    const fresh = new DOMParser().parseFromString(page("one two"), "text/html");
    expect(exchange(document, fresh, ["s"])).toHaveLength(1);
    const now = document.getElementById("lines");
    expect(now?.textContent).toBe("one two");
    expect(now?.scrollTop).toBe(120);
    expect(document.activeElement).toBe(now);
  });
});

describe("strip", () => {
  it("says slice, score and state in words", () => {
    expect(words([4, 0.0312, 2, 1])).toBe("slice 5 · .031 · waits for masks, audit");
    expect(words([0, null, 0, 0])).toBe("slice 1 · not shown");
  });
});
