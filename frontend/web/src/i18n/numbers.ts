/** Figures as the page's language writes them. */
import { pageLanguage } from "./catalogue.ts";

/** The sign between whole and fraction. */
export function decimalSign(): string {
  const parts = new Intl.NumberFormat(`${pageLanguage()}-u-nu-latn`).formatToParts(0.5);
  return parts.find((part) => part.type === "decimal")?.value ?? ".";
}

/** A figure that JavaScript wrote, with the language's sign. */
export function written(figure: string): string {
  return figure.replace(".", decimalSign());
}

/** .94 where a point stands behind the nought, 0,94 where a comma does. */
export function share(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.startsWith("0") && decimalSign() === "." ? text.slice(1) : written(text);
}
