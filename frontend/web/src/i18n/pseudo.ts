/** The pseudo-locale of the islands: the same disguise as the server's (languages/pseudo.py). */
import type { Message } from "./catalogue.ts";

const PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ACCENTED = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž";

/** `text` with accents and a third longer; {names} stay. */
export function disguise(text: string): string {
  const parts = text.split(/(\{\w+\})/);
  const accented = parts.map((part, at) => (at % 2 ? part : part.replace(/[A-Za-z]/g, accent)));
  const letters = text.replace(/[^A-Za-z]/g, "").length;
  const padding = "~~~~ ".repeat(Math.floor(letters / 15) + 1).slice(0, Math.floor(letters / 3)).trimEnd();
  return accented.join("") + (padding ? ` ${padding}` : "");
}

function accent(letter: string): string {
  return ACCENTED[PLAIN.indexOf(letter)];
}

export function disguised(table: Record<string, Message>): Record<string, Message> {
  return Object.fromEntries(
    Object.entries(table).map(([key, message]) => [
      key,
      typeof message === "string"
        ? disguise(message)
        : { one: disguise(message.one ?? message.other), other: disguise(message.other) },
    ]),
  );
}
