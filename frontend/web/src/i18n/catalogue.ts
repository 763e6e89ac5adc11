/**
 * What an island says, in the language of the page. English comes with the island; the table of
 * another language is fetched before the island is mounted, and only that one.
 */

/** A sentence with {names} to fill in, or one for each plural form that {count} may ask for. */
export type Message = string | Plural;
export type Plural = { readonly other: string } & { readonly [Form in Intl.LDMLPluralRule]?: string };

/** A table of the same keys: TypeScript refuses one that lacks a key, or has one too many. */
export type Translated<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends string ? string : Plural;
};

type Values = Record<string, string | number>;

export interface Catalogue<Table> {
  /** The sentence of a key, with {names} filled in. */
  t: (key: keyof Table, values?: Values) => string;
  /** Fetches the table of the page's language; to be awaited before anything is drawn. */
  load: () => Promise<void>;
}

export function catalogue<const Table extends Record<string, Message>>(
  english: Table,
  others: Record<string, () => Promise<{ default: Translated<Table> }>>,
): Catalogue<Table> {
  let table: Record<string, Message> = english;
  let rules = new Intl.PluralRules("en");
  return {
    t(key, values = {}) {
      const message = table[key as string];
      const text =
        typeof message === "string"
          ? message
          : (message[rules.select(Number(values.count))] ?? message.other);
      return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
    },
    async load() {
      const language = pageLanguage();
      const fetched = others[language.split("-")[0]];
      if (isPseudo(language)) {
        table = (await import("./pseudo.ts")).disguised(english);
      } else if (fetched) {
        table = (await fetched()).default;
        rules = new Intl.PluralRules(language);
      }
    },
  };
}

export function pageLanguage(): string {
  return document.documentElement.lang || "en";
}

/** English in disguise, for tests: see languages/pseudo.py. */
function isPseudo(language: string): boolean {
  return language === "en-xa" || language === "ar-xb";
}
