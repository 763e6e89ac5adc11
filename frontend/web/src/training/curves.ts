/**
 * Curves that can be read: uPlot in the place of the server's drawing, with the figures at the
 * pointer in the key, and a stretch of steps drawn out by dragging. Colours are those of the
 * server's drawing, which stays below and shows where this does not run.
 */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { share, written } from "../i18n/numbers.ts";
import { t } from "./messages.ts";
import { columns, valueAt, type Columns, type Point } from "./points.ts";

/** As tall as the drawing of the server, so that nothing jumps. */
const HEIGHT = 150;
const SYNCED = uPlot.sync("curves");
const DASHES = [undefined, [5, 3], [1.5, 3]];

interface Drawn {
  plot: uPlot;
  holder: HTMLElement;
  watch: ResizeObserver;
}

let drawn: Drawn[] = [];
/** The stretch of steps that the reader has drawn out; it outlives new points. */
let stretch: { run: string; from: number; to: number } | null = null;

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { plot } of drawn) plot.redraw();
});

/** Draws the figures of a run's section; where the points cannot be had they stay as they are. */
export async function drawCurves(section: HTMLElement): Promise<void> {
  const address = section.dataset.curves;
  const figures = [...section.querySelectorAll<HTMLElement>("figure[data-lines]")];
  drawn = drawn.filter(kept);
  if (!address || !figures.length) return;
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) return;
  const { curves } = (await answer.json()) as { curves: Point[] };
  if (stretch?.run !== address) stretch = null;
  for (const figure of figures) {
    if (figure.isConnected && figure.dataset.lines) draw(figure, curves, address);
  }
}

function kept({ plot, holder, watch }: Drawn): boolean {
  if (holder.isConnected) return true;
  watch.disconnect();
  plot.destroy();
  return false;
}

function draw(figure: HTMLElement, points: readonly Point[], run: string): void {
  const chart = figure.querySelector<HTMLElement>(".chart");
  if (!chart || chart.dataset.drawn) return;
  const names = (figure.dataset.lines ?? "").split(",");
  const data = columns(points, names);
  if (data[0].length < 2) return;
  const holder = document.createElement("div");
  holder.className = "curves";
  holder.dir = "ltr";
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", chart.querySelector("svg")?.getAttribute("aria-label") ?? "");
  chart.append(holder);
  chart.dataset.drawn = "true";
  const plot = new uPlot(options(figure, chart, names, data, run), data as uPlot.AlignedData, holder);
  if (stretch) plot.setScale("x", { min: stretch.from, max: stretch.to });
  const watch = new ResizeObserver(() => {
    // Nought once it was exchanged for a newer one.
    if (holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: HEIGHT });
  });
  watch.observe(holder);
  drawn.push({ plot, holder, watch });
}

function options(
  figure: HTMLElement,
  chart: HTMLElement,
  names: readonly string[],
  data: Columns,
  run: string,
): uPlot.Options {
  const ink = (selector: string): string => {
    const found = chart.querySelector(selector);
    return found ? getComputedStyle(found).stroke : getComputedStyle(chart).color;
  };
  const text = (): string => getComputedStyle(chart).color;
  const grid = { stroke: () => ink(".c-grid"), width: 1 };
  const axis = { stroke: text, grid, ticks: { show: false }, font: `11px ${getComputedStyle(chart).fontFamily}` };
  const low = bound(figure.dataset.low);
  const high = bound(figure.dataset.high);
  return {
    width: chart.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: SYNCED.key }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false },
      y: { range: (_plot, min, max) => range(low, high, min, max) },
    },
    axes: [
      { ...axis, size: 24, gap: 2, space: 56 },
      { ...axis, size: 36, gap: 2, space: 32, values: (_plot, splits) => splits.map(label) },
    ],
    series: [
      {},
      ...names.map((_name, at) => ({
        stroke: () => ink(`.c-line.c${at}`),
        width: 1.8,
        dash: DASHES[at % DASHES.length],
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: {
      ready: [(plot) => { tell(figure, plot, data); }],
      setCursor: [(plot) => { tell(figure, plot, data); }],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width > 0) stretch = { run, from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") };
        },
      ],
      // A double click shows all of it again.
      setScale: [
        (plot, key) => {
          const { min, max } = plot.scales[key] ?? {};
          if (key === "x" && min === data[0][0] && max === data[0].at(-1)) stretch = null;
        },
      ],
    },
  };
}

function bound(written: string | undefined): number | null {
  return written ? Number(written) : null;
}

/** From the bound that is given, else a little around what there is. */
function range(low: number | null, high: number | null, min: number, max: number): [number, number] {
  const from = low ?? min;
  const to = high ?? max;
  const room = (to - from || 1) * 0.05;
  return [low ?? from - room, high ?? to + room];
}

function label(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) < 1 ? share(value, 2) : written(String(Math.round(value * 100) / 100));
}

/** Writes the figures at the pointer, else the last ones, into the key of the chart. */
function tell(figure: HTMLElement, plot: uPlot, data: Columns): void {
  const place = plot.cursor.idx ?? data[0].length - 1;
  const [steps, ...lines] = data;
  const at = figure.querySelector(".chart-at");
  if (at) at.textContent = t("curves.at", { step: String(steps[place] ?? "") });
  lines.forEach((line, number) => {
    const slot = figure.querySelector(`.chart-keys .c${number} b`);
    const value = valueAt(line, place);
    if (slot) slot.textContent = value === null ? "" : share(value, 3);
  });
}
