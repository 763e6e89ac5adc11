/**
 * The view transform: which part of the slice stands where on the canvas.
 *
 * Image coordinates are pixels of the full slice at level 0 (x right, y down, pixel (0, 0) covers
 * [0, 1) x [0, 1)); screen coordinates are device pixels of the canvas. `scale` is device pixels per
 * image pixel along x; `aspect` is the voxel's height over its width, so that a slice with
 * anisotropic voxels keeps its true shape.
 */
export interface Size {
  width: number;
  height: number;
}

export interface Bounds {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export const MAX_SCALE = 64;

export class View {
  /** The image point at the middle of the canvas. */
  cx = 0;
  cy = 0;
  scale = 1;
  canvas: Size = { width: 1, height: 1 };
  readonly image: Size;
  readonly aspect: number;

  constructor(image: Size, aspect = 1) {
    this.image = image;
    this.aspect = aspect > 0 && Number.isFinite(aspect) ? aspect : 1;
    this.cx = image.width / 2;
    this.cy = image.height / 2;
  }

  get scaleY(): number {
    return this.scale * this.aspect;
  }

  /** Screen position of the image's origin. */
  get originX(): number {
    return this.canvas.width / 2 - this.cx * this.scale;
  }

  get originY(): number {
    return this.canvas.height / 2 - this.cy * this.scaleY;
  }

  toImage(sx: number, sy: number): { x: number; y: number } {
    return { x: (sx - this.originX) / this.scale, y: (sy - this.originY) / this.scaleY };
  }

  toScreen(x: number, y: number): { x: number; y: number } {
    return { x: this.originX + x * this.scale, y: this.originY + y * this.scaleY };
  }

  /** The image rectangle on the canvas, not clipped to the image. */
  visible(): Bounds {
    const a = this.toImage(0, 0);
    const b = this.toImage(this.canvas.width, this.canvas.height);
    return { x0: a.x, y0: a.y, x1: b.x, y1: b.y };
  }

  /** A new canvas size keeps what is in the middle in the middle. */
  resize(canvas: Size): void {
    this.canvas = canvas;
    this.clamp();
  }

  /** Shows the rectangle whole, with a margin in device pixels. */
  fit(bounds: Bounds, margin = 0): void {
    const width = Math.max(1, this.canvas.width - 2 * margin);
    const height = Math.max(1, this.canvas.height - 2 * margin);
    this.scale = Math.min(
      width / Math.max(1, bounds.x1 - bounds.x0),
      height / (Math.max(1, bounds.y1 - bounds.y0) * this.aspect),
      MAX_SCALE,
    );
    this.cx = (bounds.x0 + bounds.x1) / 2;
    this.cy = (bounds.y0 + bounds.y1) / 2;
  }

  panBy(dx: number, dy: number): void {
    this.cx -= dx / this.scale;
    this.cy -= dy / this.scaleY;
    this.clamp();
  }

  /** Zooms by a factor; the image point under (sx, sy) stays where it is. */
  zoomAt(sx: number, sy: number, factor: number): void {
    const before = this.toImage(sx, sy);
    this.scale = Math.min(MAX_SCALE, Math.max(this.minScale(), this.scale * factor));
    this.cx = before.x + (this.canvas.width / 2 - sx) / this.scale;
    this.cy = before.y + (this.canvas.height / 2 - sy) / this.scaleY;
    this.clamp();
  }

  centre(x: number, y: number): void {
    this.cx = x;
    this.cy = y;
    this.clamp();
  }

  private minScale(): number {
    const whole = Math.min(
      this.canvas.width / this.image.width,
      this.canvas.height / (this.image.height * this.aspect),
    );
    return Math.min(1, whole) / 2;
  }

  /** The middle of the canvas never leaves the image, so the image cannot be lost. */
  private clamp(): void {
    this.cx = Math.min(this.image.width, Math.max(0, this.cx));
    this.cy = Math.min(this.image.height, Math.max(0, this.cy));
  }
}

const STEPS = [1, 2, 5];
const UNITS = [
  { name: "nm", metres: 1e-9 },
  { name: "µm", metres: 1e-6 },
  { name: "mm", metres: 1e-3 },
  { name: "cm", metres: 1e-2 },
];
const UNIT_METRES: Record<string, number> = { nanometer: 1e-9, micrometer: 1e-6, millimeter: 1e-3 };

export interface ScaleBar {
  /** Length on the screen, in the pixels that `pixelsPerVoxel` counts. */
  pixels: number;
  label: string;
}

/** The longest bar of a round length (1, 2 or 5 times a power of ten) that fits `maxPixels`. */
export function scaleBar(
  voxelSize: number,
  unit: string | null,
  pixelsPerVoxel: number,
  maxPixels: number,
): ScaleBar {
  const known = unit !== null && unit in UNIT_METRES && voxelSize > 0;
  const perPixel = (known ? voxelSize * UNIT_METRES[unit] : 1) / pixelsPerVoxel;
  const longest = perPixel * maxPixels;
  // Rounding before the floor: log10(1e-6) is not a whole number in floating point.
  const power = Math.floor(Math.log10(longest) + 1e-9);
  const step = STEPS.findLast((s) => s * 10 ** power <= longest * (1 + 1e-9)) ?? 1;
  const length = step * 10 ** power;
  const pixels = length / perPixel;
  if (!known) return { pixels, label: `${trim(length)} px` };
  const name = UNITS.findLast((u) => length >= u.metres * (1 - 1e-9)) ?? UNITS[0];
  return { pixels, label: `${trim(length / name.metres)} ${name.name}` };
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
