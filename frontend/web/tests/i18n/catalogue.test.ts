// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from "vitest";
import { catalogue } from "../../src/i18n/catalogue.ts";
import { share, written } from "../../src/i18n/numbers.ts";
import { disguise } from "../../src/i18n/pseudo.ts";

const english = { hello: "Hello, {name}", slices: { one: "1 slice", other: "{count} slices" } } as const;
const german = { hello: "Hallo, {name}", slices: { one: "1 Schicht", other: "{count} Schichten" } };

function made() {
  return catalogue(english, { de: () => Promise.resolve({ default: german }) });
}

afterEach(() => {
  document.documentElement.lang = "en";
});

describe("a catalogue", () => {
  it("speaks English before anything is loaded, and fills names in", () => {
    expect(made().t("hello", { name: "Alice" })).toBe("Hello, Alice");
  });

  it("takes the plural form that the language asks for", async () => {
    document.documentElement.lang = "de";
    const { t, load } = made();
    await load();
    expect(t("slices", { count: 1 })).toBe("1 Schicht");
    expect(t("slices", { count: 0 })).toBe("0 Schichten");
  });

  it("stays English in a language that it does not know", async () => {
    document.documentElement.lang = "fr";
    const { t, load } = made();
    await load();
    expect(t("slices", { count: 2 })).toBe("2 slices");
  });

  it("wears the disguise of a pseudo-locale", async () => {
    document.documentElement.lang = "ar-xb";
    const { t, load } = made();
    await load();
    expect(t("hello", { name: "Alice" })).toBe(`${disguise("Hello, {name}")}`.replace("{name}", "Alice"));
    expect(t("hello", { name: "Alice" })).not.toMatch(/Hello/);
  });
});

describe("figures", () => {
  it("have the sign of the language", () => {
    expect(share(0.942, 3)).toBe(".942");
    document.documentElement.lang = "de";
    expect(share(0.942, 3)).toBe("0,942");
    expect(written("1.5")).toBe("1,5");
  });
});
