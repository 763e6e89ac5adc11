/** The best renderer that this browser offers. */
import { CpuRenderer } from "./cpu.ts";
import type { Renderer } from "./scene.ts";
import { WebGlRenderer } from "./webgl.ts";

/**
 * `software`: whether there is no graphics card, where that is known; see card.ts. `maxSide`: the longer side of the label plane. A canvas that has once given a WebGL context
 * cannot give a 2D one, so the fallback gets a fresh canvas in place of the old one.
 */
export function createRenderer(
  canvas: HTMLCanvasElement,
  maxSide: number,
  software: boolean | null = null,
): { renderer: Renderer; canvas: HTMLCanvasElement } {
  if (software) return { renderer: new CpuRenderer(canvas), canvas };
  try {
    return { renderer: new WebGlRenderer(canvas, maxSide), canvas };
  } catch {
    const fresh = canvas.cloneNode() as HTMLCanvasElement;
    canvas.replaceWith(fresh);
    return { renderer: new CpuRenderer(fresh), canvas: fresh };
  }
}
