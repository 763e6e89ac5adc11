import { afterEach, expect, it, vi } from "vitest";
import { score } from "../../src/review/words.ts";

const speak = (lang: string): void => void vi.stubGlobal("document", { documentElement: { lang } });

afterEach(() => void vi.unstubAllGlobals());

it("gives a score two digits that count", () => {
  speak("en");
  expect([0.0824, 0, 12.34].map(score)).toEqual([".082", "0", "12"]);
  speak("de");
  expect(score(0.0824)).toBe("0,082");
});

it("does not write a score that is too small to matter in powers of ten", () => {
  speak("en");
  expect(score(8.34e-5)).toBe("<\u202f.001");
});
