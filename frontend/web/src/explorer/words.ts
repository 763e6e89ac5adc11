/** Volumes and counts as the pages write them. */
import { written } from "../i18n/numbers.ts";
import type { CubeFacts } from "./types.ts";

const THIN = "\u202f";

export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** In cubic µm or mm where the voxel size is known in such units; empty otherwise. */
export function volume(voxels: number, { voxel, unit }: Pick<CubeFacts, "voxel" | "unit">): string {
  const cubic = voxels * voxel[0] * voxel[1] * voxel[2];
  if (unit === "nanometer") return `${digits(cubic / 1e9)}${THIN}µm³`;
  if (unit === "micrometer") return `${digits(cubic)}${THIN}µm³`;
  if (unit === "millimeter") return `${digits(cubic)}${THIN}mm³`;
  return "";
}

/** Three digits that count. */
function digits(value: number): string {
  return written(value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
}
