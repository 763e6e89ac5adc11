/**
 * Both renderers on scenes made by chance, compared pixel by pixel. Bundled by `scripts/bundle.mjs` and
 * run in a real browser by tests/e2e/test_renderers.py: there is no WebGL outside of one.
 */
import { allocate, unsureOf, type LabelDtype } from "../../src/engine/labels.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { CpuRenderer } from "../../src/engine/render/cpu.ts";
import { buildPalette, isSmooth, type DrawTile, type LabelLayer, type Renderer, type Scene } from "../../src/engine/render/scene.ts";
import { WebGlRenderer } from "../../src/engine/render/webgl.ts";
import { View } from "../../src/engine/view.ts";

const CANVAS = { width: 173, height: 121 };
/** Where a pixel's centre falls this near to a border, 32-bit numbers may put it on the other side. */
const NEAR = 2e-3;

export interface Difference {
  scene: string;
  compared: number;
  /** What rounding may come to. */
  allowed: number;
  /** Pixels left out because they lie on a border, as a share. */
  unsure: number;
  /** Greatest difference of a colour value of a compared pixel: of the whole, and redrawn in part. */
  whole: number;
  part: number;
  /** The same, after another proposal was shown and this one again. */
  flipped: number;
  /** How many different colours there were: a blank canvas would agree too. */
  colours: number;
}

/**
 * The scene of this seed, drawn whole and then once more in part after some labels have changed. Every other scene
 * has an image; cards place tiles by sixteenths of a pixel, so it stands on odd ones, where no border runs
 * through a pixel's centre.
 */
export async function compare(seed: number): Promise<Difference> {
  const random = mulberry(seed);
  const pick = <T>(...of: T[]): T => of[Math.floor(random() * of.length)];
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from));
  const dtype = pick<LabelDtype>("uint8", "uint16", "uint32");
  const image = { width: whole(24, 90), height: whole(24, 70) };
  const region = { x0: whole(0, 8), y0: whole(0, 8), x1: image.width - whole(0, 8), y1: image.height - whole(0, 8) };
  const pictured = seed % 2 === 0;
  const view = new View(image, pictured ? pick(0.5, 1, 2) : pick(1, 0.6, 1.7));
  view.resize(CANVAS);
  view.scale = 0.7 + random() * pick(1, 4, 12);
  const origin = { x: -random() * 60, y: -random() * 40 };
  if (pictured) {
    view.scale = Math.ceil(view.scale * 4) / 4;
    origin.x = Math.round(origin.x) + 1 / 16;
    origin.y = Math.round(origin.y) + 3 / 16;
  }
  view.cx = (CANVAS.width / 2 - origin.x) / view.scale;
  view.cy = (CANVAS.height / 2 - origin.y) / view.scaleY;
  const scene: Scene = {
    view, region,
    tiles: pictured ? await tilesOf(image, random) : [],
    style: {
      low: whole(0, 80), high: whole(120, 256), opacity: random(), fill: random() < 0.8,
      line: pick(1, 1.25, 2, 3), dash: pick(3, 4, 5.5), mine: random() < 0.9, machine: random() < 0.8,
    },
    palette: buildPalette([{ value: 1, color: "#E69F00" }]),
  };
  const size = { width: region.x1 - region.x0, height: region.y1 - region.y0 };
  const plane = new LabelPlane(size.width, size.height, blobs(size, dtype, random));
  const machine: LabelLayer = { ...size, dtype, data: blobs(size, dtype, random) };

  const pairs = [CpuRenderer, WebGlRenderer].map((Kind) => {
    const canvas = Object.assign(document.createElement("canvas"), CANVAS);
    const renderer: Renderer = new Kind(canvas, Math.max(size.width, size.height), true);
    renderer.setLayer("mine", plane);
    renderer.setLayer("machine", machine);
    renderer.draw(scene);
    return { canvas, renderer };
  });
  const border = borders(scene);
  const first = pairs.map(({ canvas }) => read(canvas));
  const [whole_, compared] = greatest(first, border);

  plane.begin();
  const changed = { x0: 4, y0: 3, x1: size.width - 2, y1: Math.min(size.height, 9) };
  for (let y = changed.y0; y < changed.y1; y++) plane.fillSpan(y, changed.x0, changed.x1, pick(0, 1, 2));
  plane.commit();
  const only = { x0: 17, y0: 11, x1: CANVAS.width - 23, y1: CANVAS.height - 31 };
  const second = pairs.map(({ canvas, renderer }) => {
    renderer.updateLabels(changed);
    renderer.draw(scene, only);
    return read(canvas);
  });
  const [part] = greatest(second, border);
  // To another proposal and back, as flipping does: what a renderer keeps must be what it would draw.
  const other: LabelLayer = { ...size, dtype, data: blobs(size, dtype, random) };
  const [there, back] = [other, machine].map((layer) => pairs.map(({ canvas, renderer }) => {
    renderer.setLayer("machine", layer);
    renderer.draw(scene);
    return read(canvas);
  }));
  const flipped = Math.max(greatest(there, border)[0], greatest(back, border)[0]);
  const colours = new Set(new Uint32Array(second[0].buffer)).size;
  for (const { renderer } of pairs) renderer.dispose();
  return {
    scene: JSON.stringify({ seed, dtype, image, region, scale: view.scale, aspect: view.aspect, style: scene.style }),
    // Where neighbours are mixed the card does it in steps of 1/256, which the contrast stretches.
    allowed: pictured && isSmooth(view) ? 1 + Math.ceil((2 * 255) / (scene.style.high - scene.style.low)) : 1,
    compared, unsure: 1 - compared / (CANVAS.width * CANVAS.height), whole: whole_, part, flipped, colours,
  };
}

/** Two tiles side by side that meet inside the image, with nothing to the right of them. */
async function tilesOf(image: { width: number; height: number }, random: () => number): Promise<DrawTile[]> {
  const cut = Math.floor(image.width / 3);
  const ends = [[0, cut], [cut, image.width - 5]];
  return Promise.all(ends.map(async ([x0, x1], index) => {
    const pixels = new ImageData(x1 - x0, image.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data.fill(Math.floor(random() * 256), i, i + 3);
      pixels.data[i + 3] = 255;
    }
    return { key: String(index), bounds: { x0, y0: 0, x1, y1: image.height }, bitmap: await createImageBitmap(pixels) };
  }));
}

/** Rectangles of few labels, unsure and great ones among them. */
function blobs(size: { width: number; height: number }, dtype: LabelDtype, random: () => number): LabelLayer["data"] {
  const great = dtype === "uint8" ? 254 : dtype === "uint16" ? 40_000 : 0xfffffff0;
  const values = [0, 0, 1, 2, 8, great, unsureOf(dtype)];
  const data = allocate(dtype, size.width * size.height);
  for (let n = 0; n < 14; n++) {
    const [left, top] = [random() * size.width, random() * size.height];
    const [right, bottom] = [left + 2 + random() * 20, top + 2 + random() * 16];
    const value = values[Math.floor(random() * values.length)];
    for (let y = Math.floor(top); y < Math.min(bottom, size.height); y++) {
      for (let x = Math.floor(left); x < Math.min(right, size.width); x++) data[y * size.width + x] = value;
    }
  }
  return data;
}

/** Device pixels that a border runs through, as 1: of image pixels, of dashes, of tiles. */
function borders({ view, style }: Scene): Uint8Array {
  const { width, height } = view.canvas;
  const near = (value: number): boolean => Math.abs(value - Math.round(value)) < NEAR;
  const along = (count: number, origin: number, scale: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => {
    const steps = [0, -style.line, style.line];
    const onPixel = steps.some((step) => near((i + 0.5 + step - origin) / scale));
    const turn = (i + 0.5 - origin) / (2 * style.dash);
    return Number(onPixel || near(turn) || near(turn - 0.6));
  });
  const cols = along(width, view.originX, view.scale);
  const rows = along(height, view.originY, view.scaleY);
  return Uint8Array.from({ length: width * height }, (_, i) => cols[i % width] | rows[Math.floor(i / width)]);
}

function read(canvas: HTMLCanvasElement): Uint8ClampedArray {
  const copy = Object.assign(document.createElement("canvas"), CANVAS);
  const context = copy.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, CANVAS.width, CANVAS.height).data;
}

function greatest([a, b]: Uint8ClampedArray[], skipped: Uint8Array): [number, number] {
  let most = 0;
  let compared = 0;
  for (let i = 0; i < skipped.length; i++) {
    if (skipped[i]) continue;
    compared++;
    for (let k = 0; k < 3; k++) most = Math.max(most, Math.abs(a[4 * i + k] - b[4 * i + k]));
  }
  return [most, compared];
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
