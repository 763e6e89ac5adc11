/** Draws a body as it looks from one side, by painting its voxels from back to front. */
import type { Surface } from "./surface.ts";

/** How far the eye stands above the body, in radians. */
const ABOVE = 0.45;
/** Where the light comes from, as the eye sees it: right, up, towards the eye. */
const LIGHT = [-0.45, 0.6, 0.66] as const;
const AMBIENT = 0.5;
/** What nobody looked at yet is so far on the way to grey. */
const UNSEEN = 0.62;
const GREY = 150;
/** Room around the body, as a share of the picture. */
const MARGIN = 0.06;

export type Rgb = readonly [number, number, number];

export interface Sight {
  /** Direction of the picture's x, and of its y downwards, for a point (x, y, z) of the body. */
  right: readonly [number, number, number];
  down: readonly [number, number, number];
  /** Direction towards the eye. */
  near: readonly [number, number, number];
}

/** What the eye sees after the body was turned by an angle in radians; z points up. */
export function sightFrom(angle: number): Sight {
  const [c, s, a, b] = [Math.cos(angle), Math.sin(angle), Math.cos(ABOVE), Math.sin(ABOVE)];
  return { right: [c, s, 0], down: [-s * b, c * b, -a], near: [-s * a, c * a, b] };
}

/** Pixels of a unit of the body, so that it fits however it is turned. */
export function scaleFor(surface: Surface, side: number): number {
  const [x, y, z] = surface.half;
  const across = 2 * Math.hypot(x, y);
  const upright = 2 * (Math.hypot(x, y) * Math.sin(ABOVE) + z * Math.cos(ABOVE));
  return (side * (1 - 2 * MARGIN)) / Math.max(across, upright);
}

/** Paints the surface into a square picture of RGBA bytes; the nearest voxel of a pixel is seen. */
export function paint(surface: Surface, angle: number, colors: readonly Rgb[], picture: Uint8ClampedArray, side: number): void {
  const { count, place, facing, kind, seen } = surface;
  const { right, down, near } = sightFrom(angle);
  const scale = scaleFor(surface, side);
  const depths = new Float32Array(side * side).fill(-Infinity);
  picture.fill(0);
  const radius = dot(surface, scale);
  const faded = colors.map((color) => color.map((value) => value + UNSEEN * (GREY - value)));
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [place[3 * i], place[3 * i + 1], place[3 * i + 2]];
    const depth = x * near[0] + y * near[1] + z * near[2];
    const cx = side / 2 + scale * (x * right[0] + y * right[1]);
    const cy = side / 2 + scale * (x * down[0] + y * down[1] + z * down[2]);
    const [fx, fy, fz] = [facing[3 * i], facing[3 * i + 1], facing[3 * i + 2]];
    const lit =
      LIGHT[0] * (fx * right[0] + fy * right[1]) -
      LIGHT[1] * (fx * down[0] + fy * down[1] + fz * down[2]) +
      LIGHT[2] * (fx * near[0] + fy * near[1] + fz * near[2]);
    const shade = AMBIENT + (1 - AMBIENT) * Math.max(0, lit);
    const [r, g, b] = (seen[i] ? colors : faded)[(kind[i] - 1) % colors.length];
    const [x0, x1] = [Math.max(0, Math.round(cx - radius)), Math.min(side, Math.round(cx + radius))];
    const [y0, y1] = [Math.max(0, Math.round(cy - radius)), Math.min(side, Math.round(cy + radius))];
    for (let py = y0; py < y1; py++) {
      for (let px = x0; px < x1; px++) {
        const at = py * side + px;
        if (depths[at] >= depth) continue;
        depths[at] = depth;
        picture[4 * at] = r * shade;
        picture[4 * at + 1] = g * shade;
        picture[4 * at + 2] = b * shade;
        picture[4 * at + 3] = 255;
      }
    }
  }
}

/** Half the side of a voxel's dot in pixels: no gaps between neighbours, however they are turned. */
function dot(surface: Surface, scale: number): number {
  return Math.max(1, 0.9 * scale * surface.spacing);
}
