/** No table of a language is allowed to lose a text or one of its {names}. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/i18n/catalogue.ts";

type Table = Record<string, Message>;

const english = import.meta.glob<{ english: Table }>("../../src/**/messages.ts");
const german = import.meta.glob<{ default: Table }>("../../src/**/messages.de.ts");

it("looks at every island", () => {
  expect(Object.keys(english).length).toBeGreaterThan(5);
});

function names(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
}

describe.each(Object.keys(english))("%s", (file) => {
  it("has every text in German, with the same names in it", async () => {
    const { english: ours } = await english[file]();
    const { default: theirs } = await german[file.replace(/ts$/, "de.ts")]();
    expect(Object.keys(theirs).sort()).toEqual(Object.keys(ours).sort());
    for (const [key, message] of Object.entries(ours)) {
      const told = theirs[key];
      if (typeof message === "string") {
        expect(told, key).toBeTypeOf("string");
        expect((told as string).trim(), key).not.toBe("");
        expect(names(told as string), key).toEqual(names(message));
      } else {
        const plural = told as Exclude<Message, string>;
        expect(Object.keys(plural).sort(), key).toEqual(["one", "other"]);
        expect(names(plural.other), key).toEqual(names(message.other));
      }
    }
  });
});
