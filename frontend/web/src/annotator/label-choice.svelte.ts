/** Which label the tools write: a class, the id of an object, or "unsure". */
import { buildPalette, ObjectIds, paletteEntry, unsureOf, type LabelArray, type LabelPlane } from "../engine/index.ts";
import { t } from "./messages.ts";
import type { LabelClass, TaskPayload } from "./types.ts";

export class LabelChoice {
  value = $state(1);
  readonly classes: LabelClass[];
  readonly unsure: number;
  readonly palette: Uint8Array;
  /** Numbers for new objects; null where labels are classes. */
  readonly ids: ObjectIds | null;
  /** What was chosen before "unsure". */
  private before = 1;

  constructor({ study }: TaskPayload, plane: LabelPlane, proposal: LabelArray) {
    this.classes = study.classes;
    this.unsure = unsureOf(study.label_dtype);
    this.palette = buildPalette(study.classes);
    this.ids = study.instances ? new ObjectIds(plane, proposal) : null;
    this.value = study.classes[0]?.value ?? 1;
    this.before = this.value;
  }

  /** Once earlier strokes are back: where labels are objects, the first stroke makes a new one. */
  begin(): void {
    this.newObject();
  }

  chooseClass(value: number): void {
    if (!this.ids && this.classes.some((c) => c.value === value)) this.value = value;
  }

  toggleUnsure(): void {
    if (this.value === this.unsure) {
      this.value = this.before;
    } else {
      this.before = this.value;
      this.value = this.unsure;
    }
  }

  /** Goes on with an object that is there; background is no choice. */
  pick(value: number): boolean {
    if (value === 0) return false;
    if (value === this.unsure && this.value !== this.unsure) this.toggleUnsure();
    else this.value = value;
    return true;
  }

  /** Goes on with an object that is not there yet; false when all numbers are taken. */
  newObject(): boolean {
    const id = this.ids?.fresh(this.value === this.unsure ? this.before : this.value) ?? null;
    if (id !== null) this.value = id;
    return id !== null;
  }

  /** What is chosen, in words. */
  get name(): string {
    const { value, unsure, ids } = this;
    if (value === unsure) return t("class.unsure");
    const known = ids ? undefined : this.classes.find((c) => c.value === value);
    return known?.name ?? t("class.number", { value });
  }

  /** As CSS. */
  colorOf(value: number): string {
    const at = 4 * paletteEntry(value, this.unsure);
    return `rgb(${this.palette.subarray(at, at + 3).join(" ")})`;
  }
}
