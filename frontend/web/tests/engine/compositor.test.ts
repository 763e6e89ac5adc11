import { describe, expect, test } from "vitest";
import { NO_IMAGE } from "../../src/engine/render/backdrop.ts";
import { composite } from "../../src/engine/render/compositor.ts";
import {
  BACKGROUND, buildPalette, MACHINE_COLOR, paletteEntry, parseHex, UNSURE_COLOR,
  type LabelLayer, type Scene,
} from "../../src/engine/render/scene.ts";
import { View } from "../../src/engine/view.ts";
import { same } from "../same.ts";

const SIDE = 24;

function layer(labels: string[], dtype: "uint8" | "uint32" = "uint8"): LabelLayer {
  const cells = labels.flatMap((row) => [...row].map((c) => (c === "." ? 0 : c === "?" ? (dtype === "uint8" ? 255 : 0xffffffff) : Number(c))));
  const data = dtype === "uint8" ? Uint8Array.from(cells) : Uint32Array.from(cells);
  return { width: labels[0].length, height: labels.length, dtype, data };
}

/** A slice of 6 x 6 pixels, 4 device pixels each; the region is all of it unless told. */
function draw(options: { mine?: LabelLayer; machine?: LabelLayer; style?: Partial<Scene["style"]>; region?: Scene["region"]; grey?: number }): (x: number, y: number) => number[] {
  const view = new View({ width: 6, height: 6 });
  view.resize({ width: SIDE, height: SIDE });
  view.scale = 4;
  const scene: Scene = {
    view,
    tiles: [],
    region: options.region ?? { x0: 0, y0: 0, x1: 6, y1: 6 },
    style: { low: 0, high: 255, opacity: 0.5, fill: true, line: 1, dash: 2, mine: true, machine: true, ...options.style },
    palette: buildPalette([{ value: 1, color: "#E69F00" }]),
  };
  const out = new Uint8ClampedArray(SIDE * SIDE * 4);
  const backdrop = new Uint16Array(SIDE * SIDE).fill(options.grey ?? 100);
  composite(out, backdrop, scene, { mine: options.mine ?? null, machine: options.machine ?? null }, { x0: 0, y0: 0, x1: SIDE, y1: SIDE });
  return (x, y) => [...out.subarray(4 * (y * SIDE + x), 4 * (y * SIDE + x) + 3)];
}

const SQUARE = ["......", "......", "..11..", "..11..", "......", "......"];

describe("compositor", () => {
  test("fills half over, outlines inside in full colour, and darkens outside of the outline", () => {
    const at = draw({ mine: layer(SQUARE) });
    expect(at(12, 12)).toEqual([165, 130, 50]);
    expect(at(8, 12)).toEqual([230, 159, 0]);
    expect(at(7, 12)).toEqual([45, 45, 45]);
    expect(at(2, 2)).toEqual([100, 100, 100]);
  });

  test("shows outlines alone when there is no fill", () => {
    const at = draw({ mine: layer(SQUARE), style: { fill: false } });
    expect(at(12, 12)).toEqual([100, 100, 100]);
    expect(at(8, 12)).toEqual([230, 159, 0]);
  });

  test("dashes the machine's outline outside of its shape, in its own colour and dark", () => {
    const at = draw({ machine: layer(SQUARE) });
    const ring = [8, 9, 10, 11, 12, 13, 14, 15].map((x) => at(x, 7).join());
    expect(ring).toContain(MACHINE_COLOR.join());
    expect(ring).toContain("45,45,45");
    expect(at(12, 12)).toEqual([100, 100, 100]);
  });

  test("keeps both outlines visible where they follow each other", () => {
    const at = draw({ mine: layer(SQUARE), machine: layer(SQUARE) });
    expect(at(8, 12)).toEqual([230, 159, 0]);
    expect([7].flatMap((x) => [8, 9, 10, 11, 12, 13].map((y) => at(x, y).join()))).toContain(MACHINE_COLOR.join());
  });

  test("separates touching objects", () => {
    const at = draw({ mine: layer(["......", ".1122.", ".1122.", ".1122.", "......", "......"]) });
    expect(at(11, 10)).toEqual([230, 159, 0]);
    expect(at(12, 10)).toEqual([86, 180, 233]);
  });

  test("separates touching objects whose numbers share a colour, by outlines", () => {
    const at = draw({ mine: layer(["888111", "888111", "888111", "888111", "888111", "888111"]) });
    expect(paletteEntry(8, 255)).not.toBe(paletteEntry(1, 255));
    expect([11, 12].map((x) => at(x, 10))).toEqual([[230, 159, 0], [230, 159, 0]]);
    expect([4, 20].map((x) => at(x, 10))).toEqual([[165, 130, 50], [165, 130, 50]]);
  });

  test("stretches the contrast", () => {
    expect(draw({ grey: 100, style: { low: 50, high: 150 } })(0, 0)).toEqual([128, 128, 128]);
    expect(draw({ grey: 40, style: { low: 50, high: 150 } })(0, 0)).toEqual([0, 0, 0]);
    expect(draw({ grey: 160, style: { low: 50, high: 150 } })(0, 0)).toEqual([255, 255, 255]);
  });

  test("dims what lies outside of the task's region, and draws no labels there", () => {
    const at = draw({ mine: layer(["11", "11"]), region: { x0: 2, y0: 2, x1: 4, y1: 4 } });
    expect(at(2, 2)).toEqual([50, 50, 50]);
    expect(at(12, 12)).toEqual([165, 130, 50]);
  });

  test("leaves the ground where no tile has come yet", () => {
    expect(draw({ grey: NO_IMAGE })(3, 3)).toEqual([...BACKGROUND]);
  });

  test("hatches unsure pixels in white", () => {
    const at = draw({ mine: layer(["......", ".????.", ".????.", ".????.", ".????.", "......"]) });
    const inside = [8, 9, 10, 11].map((x) => at(x, 12)[0]);
    expect(new Set(inside)).toEqual(new Set([100, (100 + UNSURE_COLOR[0]) / 2 + 0.5]));
  });

  test("redraws a part exactly as the whole", () => {
    const view = new View({ width: 6, height: 6 });
    view.resize({ width: SIDE, height: SIDE });
    view.scale = 3.3;
    const scene: Scene = {
      view, tiles: [], region: { x0: 0, y0: 0, x1: 6, y1: 6 }, palette: buildPalette([]),
      style: { low: 0, high: 255, opacity: 0.35, fill: true, line: 2, dash: 3, mine: true, machine: true },
    };
    const layers = { mine: layer(SQUARE), machine: layer(["......", "......", "......", "...11.", "...11.", "......"]) };
    const backdrop = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => i % 256);
    const whole = new Uint8ClampedArray(SIDE * SIDE * 4);
    composite(whole, backdrop, scene, layers, { x0: 0, y0: 0, x1: SIDE, y1: SIDE });
    const parts = new Uint8ClampedArray(SIDE * SIDE * 4);
    for (const [x0, x1] of [[0, 5], [5, 17], [17, SIDE]]) {
      for (const [y0, y1] of [[0, 11], [11, SIDE]]) composite(parts, backdrop, scene, layers, { x0, y0, x1, y1 });
    }
    expect(same(parts, whole)).toBe(true);
  });
});

test("every label has a colour, and unsure its own entry", () => {
  expect(paletteEntry(0, 255)).toBe(0);
  expect(paletteEntry(254, 0xffff)).toBe(254);
  expect(paletteEntry(255, 255)).toBe(255);
  expect(paletteEntry(255, 0xffff)).toBe(3);
  expect(paletteEntry(0xffffffff, 0xffffffff)).toBe(255);
  for (const label of [255, 70_000, 0xfffffffe]) {
    expect(paletteEntry(label, 0xffffffff)).toBeGreaterThan(0);
    expect(paletteEntry(label, 0xffffffff)).toBeLessThan(255);
  }
});

test("class colours are read strictly", () => {
  expect(parseHex("#E69F00")).toEqual([230, 159, 0]);
  expect(parseHex("red")).toBeNull();
});
