/** Numbers and ages as the pages write them. */
import { share, written } from "../i18n/numbers.ts";
import { t } from "./messages.ts";

const THIN = "\u202f";
/** Smaller scores differ in nothing that a person could act upon. */
const LEAST = 0.001;

export function dice(value: number): string {
  return share(value, 2);
}

/** Scores come on scales of their own; two digits that count are enough to compare. */
export function score(value: number): string {
  if (value !== 0 && Math.abs(value) < LEAST) return `<${THIN}${score(LEAST)}`;
  const text = Math.abs(value) >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
  return text.startsWith("0.") && written(text) === text ? text.slice(1) : written(text);
}

/** The server counts no further (consensus/selectors.py). */
export const MOST_COUNTED = 10_000;

export function many(count: number): string {
  return count > MOST_COUNTED ? `${grouped(MOST_COUNTED)}+` : grouped(count);
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, THIN);
}

export function percent(value: number, digits = 0): string {
  return `${written((value * 100).toFixed(digits))}${THIN}%`;
}

export function seconds(value: number): string {
  return value < 90 ? `${Math.round(value)}${THIN}s` : `${Math.round(value / 60)}${THIN}min`;
}

export function age(iso: string, now = Date.now()): string {
  const passed = (now - new Date(iso).getTime()) / 1000;
  if (passed < 60) return t("age.now");
  if (passed < 5400) return `${Math.round(passed / 60)}${THIN}min`;
  if (passed < 129_600) return `${Math.round(passed / 3600)}${THIN}h`;
  return t("age.days", { count: Math.round(passed / 86_400) });
}
