/** The WebGL2 renderer: integer textures for labels, contrast and outlines in the shader. */
import { BACKGROUND, HALO, MACHINE_COLOR, OUTSIDE, boxOf, isSmooth, layerUnsure } from "./scene.ts";
import type { DrawTile, LabelLayer, LayerName, Renderer, Scene, ScreenRect } from "./scene.ts";
import { IMAGE_FRAGMENT, IMAGE_VERTEX, MARKS_FRAGMENT, MARKS_VERTEX } from "./shaders.ts";
import { isSoftware } from "./card.ts";
import type { LabelDtype } from "../labels.ts";
import type { Bounds } from "../view.ts";

const UNITS: Record<LayerName, number> = { mine: 1, machine: 2 };
const PALETTE_UNIT = 3;
/** Most bytes of labels that wait on the graphics card. */
const KEPT_BYTES = 192 * 2 ** 20;

interface Program {
  program: WebGLProgram;
  uniform: (name: string) => WebGLUniformLocation | null;
}

export class WebGlRenderer implements Renderer {
  readonly kind = "webgl2";
  private readonly gl: WebGL2RenderingContext;
  private readonly image: Program;
  private readonly marks: Program;
  private readonly tiles = new Map<string, WebGLTexture>();
  private readonly textures: Record<LayerName, WebGLTexture>;
  /** Proposals of slices that were shown, the latest last: going back to one uploads nothing. */
  private readonly kept = new Map<LabelLayer, WebGLTexture>();
  private readonly layers: Record<LayerName, LabelLayer | null> = { mine: null, machine: null };
  private readonly paletteTexture: WebGLTexture;
  private palette: Uint8Array | null = null;

  /** Throws where WebGL2 is missing, is done `inSoftware` unless allowed, or cannot hold a plane of `maxSide`. */
  constructor(canvas: HTMLCanvasElement, maxSide: number, inSoftware = false) {
    const gl = canvas.getContext("webgl2", {
      // Every pixel is drawn opaque; Chromium's software compositor loses canvases without alpha.
      alpha: true,
      antialias: false,
      depth: false,
      // Dirty redraws add to what is already on the canvas.
      preserveDrawingBuffer: true,
      desynchronized: false,
    });
    if (!gl) throw new Error("This browser has no WebGL2.");
    if (!inSoftware && isSoftware(gl)) throw new Error("This browser has no graphics card.");
    if (gl.getParameter(gl.MAX_TEXTURE_SIZE) < maxSide) {
      throw new Error(`This graphics card cannot hold a slice of ${maxSide} pixels.`);
    }
    this.gl = gl;
    this.image = link(gl, IMAGE_VERTEX, IMAGE_FRAGMENT);
    this.marks = link(gl, MARKS_VERTEX, MARKS_FRAGMENT);
    this.textures = { mine: this.emptyLabels(), machine: this.emptyLabels() };
    this.paletteTexture = nearestTexture(gl);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  setLayer(name: LayerName, layer: LabelLayer | null): void {
    const shown = this.layers[name];
    this.layers[name] = layer;
    // Only the volunteer's own layer changes; the others are as they were uploaded.
    if (!shown || name === "mine") this.gl.deleteTexture(this.textures[name]);
    if (!layer) this.textures[name] = this.emptyLabels();
    else if (name === "mine") this.textures[name] = this.upload(layer);
    else this.textures[name] = this.keep(layer);
  }

  updateLabels(rect: Bounds): void {
    const layer = this.layers.mine;
    if (!layer) return;
    const { gl } = this;
    const { type } = integerFormat(gl, layer.dtype);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.mine);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, layer.width);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, rect.x0);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, rect.y0);
    gl.texSubImage2D(
      gl.TEXTURE_2D, 0, rect.x0, rect.y0, rect.x1 - rect.x0, rect.y1 - rect.y0,
      gl.RED_INTEGER, type, layer.data,
    );
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, 0);
  }

  draw(scene: Scene, only?: ScreenRect): void {
    const { gl } = this;
    const { width, height } = scene.view.canvas;
    gl.viewport(0, 0, width, height);
    if (only) {
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(only.x0, height - only.y1, only.x1 - only.x0, only.y1 - only.y0);
    } else {
      gl.disable(gl.SCISSOR_TEST);
    }
    gl.disable(gl.BLEND);
    gl.clearColor(BACKGROUND[0] / 255, BACKGROUND[1] / 255, BACKGROUND[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.drawTiles(scene, only);
    gl.enable(gl.BLEND);
    this.drawMarks(scene);
  }

  dropTile(key: string): void {
    const texture = this.tiles.get(key);
    if (texture) this.gl.deleteTexture(texture);
    this.tiles.delete(key);
  }

  dispose(): void {
    for (const key of [...this.tiles.keys()]) this.dropTile(key);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private drawTiles({ view, tiles, style }: Scene, only?: ScreenRect): void {
    const { gl, image } = this;
    const { width, height } = view.canvas;
    gl.useProgram(image.program);
    gl.uniform1i(image.uniform("tile"), 0);
    gl.uniform2f(image.uniform("window"), style.low, Math.max(1, style.high - style.low));
    gl.uniform2f(image.uniform("canvas"), width, height);
    gl.activeTexture(gl.TEXTURE0);
    const filter = isSmooth(view) ? gl.LINEAR : gl.NEAREST;
    for (const tile of tiles) {
      const { x0, y0, x1, y1 } = boxOf(tile, view);
      if (only && (x1 <= only.x0 || y1 <= only.y0 || x0 >= only.x1 || y0 >= only.y1)) continue;
      gl.bindTexture(gl.TEXTURE_2D, this.tileTexture(tile));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
      gl.uniform4f(image.uniform("box"), x0, y0, x1, y1);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  private drawMarks({ view, region, style, palette }: Scene): void {
    const { gl, marks } = this;
    const { uniform } = marks;
    gl.useProgram(marks.program);
    for (const name of ["mine", "machine"] as const) {
      gl.activeTexture(gl.TEXTURE0 + UNITS[name]);
      gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
      gl.uniform1i(uniform(name), UNITS[name]);
    }
    gl.activeTexture(gl.TEXTURE0 + PALETTE_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.paletteTexture);
    if (palette !== this.palette) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
      this.palette = palette;
    }
    gl.uniform1i(uniform("palette"), PALETTE_UNIT);
    const corner = view.toImage(0, 0);
    gl.uniform2f(uniform("corner"), corner.x, corner.y);
    gl.uniform2f(uniform("pixel"), 1 / view.scale, 1 / view.scaleY);
    gl.uniform2f(uniform("origin"), view.originX, view.originY);
    gl.uniform1f(uniform("canvasHeight"), view.canvas.height);
    gl.uniform4f(uniform("region"), region.x0, region.y0, region.x1, region.y1);
    gl.uniform1f(uniform("line"), style.line);
    gl.uniform1f(uniform("dash"), style.dash);
    gl.uniform1f(uniform("opacity"), style.fill ? style.opacity : 0);
    gl.uniform1f(uniform("halo"), HALO);
    gl.uniform1f(uniform("outside"), OUTSIDE);
    gl.uniform3f(uniform("machineColor"), ...rgb(MACHINE_COLOR));
    gl.uniform1ui(uniform("unsure"), layerUnsure(this.layers.mine));
    gl.uniform1i(uniform("showMine"), style.mine && this.layers.mine ? 1 : 0);
    gl.uniform1i(uniform("showMachine"), style.machine && this.layers.machine ? 1 : 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  private tileTexture({ key, bitmap }: DrawTile): WebGLTexture {
    const known = this.tiles.get(key);
    if (known) return known;
    const { gl } = this;
    const texture = nearestTexture(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, gl.RED, gl.UNSIGNED_BYTE, bitmap);
    this.tiles.set(key, texture);
    return texture;
  }

  private keep(layer: LabelLayer): WebGLTexture {
    const texture = this.kept.get(layer) ?? this.upload(layer);
    this.kept.delete(layer);
    this.kept.set(layer, texture);
    let bytes = 0;
    for (const { data } of this.kept.keys()) bytes += data.byteLength;
    for (const [old, gone] of this.kept) {
      if (bytes <= KEPT_BYTES || old === layer) break;
      bytes -= old.data.byteLength;
      this.gl.deleteTexture(gone);
      this.kept.delete(old);
    }
    return texture;
  }

  private upload(layer: LabelLayer): WebGLTexture {
    const { gl } = this;
    const { internal, type } = integerFormat(gl, layer.dtype);
    const texture = nearestTexture(gl);
    gl.texStorage2D(gl.TEXTURE_2D, 1, internal, layer.width, layer.height);
    gl.texSubImage2D(
      gl.TEXTURE_2D, 0, 0, 0, layer.width, layer.height, gl.RED_INTEGER, type, layer.data,
    );
    return texture;
  }

  private emptyLabels(): WebGLTexture {
    const texture = nearestTexture(this.gl);
    this.gl.texStorage2D(this.gl.TEXTURE_2D, 1, this.gl.R8UI, 1, 1);
    return texture;
  }
}

function rgb([r, g, b]: readonly [number, number, number]): [number, number, number] {
  return [r / 255, g / 255, b / 255];
}

function integerFormat(gl: WebGL2RenderingContext, dtype: LabelDtype): { internal: number; type: number } {
  if (dtype === "uint8") return { internal: gl.R8UI, type: gl.UNSIGNED_BYTE };
  if (dtype === "uint16") return { internal: gl.R16UI, type: gl.UNSIGNED_SHORT };
  return { internal: gl.R32UI, type: gl.UNSIGNED_INT };
}

/** A new texture, bound, without filtering or repetition. */
function nearestTexture(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return texture;
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("The graphics context was lost.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`The shaders cannot be used here: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  const locations = new Map<string, WebGLUniformLocation | null>();
  const uniform = (name: string): WebGLUniformLocation | null => {
    if (!locations.has(name)) locations.set(name, gl.getUniformLocation(program, name));
    return locations.get(name) ?? null;
  };
  return { program, uniform };
}
