/** Whether there is a graphics card: WebGL that is done on the processor reads back the canvas for every frame. */

/** What browsers without a card, or without a driver for it, draw with. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export function isSoftware(gl: WebGL2RenderingContext): boolean {
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  return SOFTWARE.test(String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/** Looks, without a canvas on the page; null where that is not possible. */
export function looksSoftware(): boolean | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) return null;
  const found = isSoftware(gl);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return found;
}
