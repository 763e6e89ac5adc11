/** No table of a language is allowed to lose a text or one of its {names}. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/i18n/catalogue.ts";

type Table = Record<string, Message>;

const islands = ["annotator", "review", "upload", "dashboard", "pages"] as const;

function names(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
}

describe.each(islands)("%s", (island) => {
  it("has every text in German, with the same names in it", async () => {
    const { english } = (await import(`../../src/${island}/messages.ts`)) as { english: Table };
    const { default: german } = (await import(`../../src/${island}/messages.de.ts`)) as { default: Table };
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
    for (const [key, message] of Object.entries(english)) {
      const told = german[key];
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
