/** Runs of equal labels, found a word of 32 bits at a time: in masks they are long. */
import type { LabelArray } from "./labels.ts";

/** The labels' bytes as words; null where they do not divide into words of several labels. */
export function wordsOf(labels: LabelArray): Uint32Array | null {
  if (labels.byteOffset % 4 !== 0 || labels.byteLength % 4 !== 0 || labels.BYTES_PER_ELEMENT === 4) return null;
  return new Uint32Array(labels.buffer, labels.byteOffset, labels.byteLength / 4);
}

/** Where the run of `value` that begins at `start` ends; `words` are the labels' own. */
export function runEnd(labels: LabelArray, words: Uint32Array | null, start: number, value: number): number {
  const size = labels.length;
  let end = start + 1;
  if (words) {
    const bytes = labels instanceof Uint8Array;
    const within = bytes ? 3 : 1;
    while (end < size && (end & within) !== 0 && labels[end] === value) end++;
    if ((end & within) !== 0) return end;
    end = sameWords(words, end >> (bytes ? 2 : 1), Math.imul(value, bytes ? 0x01010101 : 0x00010001) >>> 0);
    end <<= bytes ? 2 : 1;
  }
  while (end < size && labels[end] === value) end++;
  return end;
}

function sameWords(words: Uint32Array, from: number, word: number): number {
  const count = words.length;
  let at = from;
  while (at < count && words[at] === word) at++;
  return at;
}
