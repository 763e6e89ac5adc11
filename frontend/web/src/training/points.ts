/** A run's curves as columns: steps, then each line's values, with null where a step lacks one. */
export type Point = Record<string, unknown>;
export type Columns = [number[], ...(number | null)[][]];

export function columns(points: readonly Point[], names: readonly string[]): Columns {
  const told = points.filter((point) => typeof point.step === "number");
  return [
    told.map((point) => point.step as number),
    ...names.map((name) => told.map((point) => figure(point[name]))),
  ];
}

function figure(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The last value at or before a place in a column; null where there is none yet. */
export function valueAt(column: readonly (number | null)[], place: number): number | null {
  for (let at = Math.min(place, column.length - 1); at >= 0; at--) {
    const value = column[at];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
