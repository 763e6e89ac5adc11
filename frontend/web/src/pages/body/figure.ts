/** `<figure data-body="/address" data-colors="#… #…">`: the body, turned by hand. */
import { loadMessages, t } from "../messages.ts";
import { surfaceOf, type Surface } from "./surface.ts";
import { paint, type Rgb } from "./turntable.ts";

const SIDE = 420;
/** One turn to begin with, short enough to need no way of stopping it. */
const TURN_MS = 4500;
const BEGIN = 0.6;

export async function showBody(figure: HTMLElement): Promise<void> {
  const [response] = await Promise.all([fetch(figure.dataset.body ?? "", { credentials: "same-origin" }), loadMessages()]);
  if (!response.ok) return figure.remove();
  const surface = surfaceOf({
    voxels: new Uint8Array(await response.arrayBuffer()),
    shape: numbers(response.headers.get("X-Shape")),
    size: numbers(response.headers.get("X-Size")),
  });
  if (surface.count === 0) return figure.remove();
  const colors = (figure.dataset.colors ?? "").trim().split(/\s+/).map(rgb);
  mount(figure, surface, colors);
}

function mount(figure: HTMLElement, surface: Surface, colors: Rgb[]): void {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", t("body.label"));
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: "0", max: "359", className: "slider" });
  slider.setAttribute("aria-label", t("body.turn"));
  figure.prepend(canvas, slider);

  const context = canvas.getContext("2d")!;
  const picture = context.createImageData(SIDE, SIDE);
  let angle = BEGIN;
  let asked = false;
  let touched = false;
  const draw = (): void => {
    asked = false;
    paint(surface, angle, colors, picture.data, SIDE);
    context.putImageData(picture, 0, 0);
    const degrees = ((angle * 180) / Math.PI) % 360;
    slider.value = String(Math.round((degrees + 360) % 360));
    slider.style.setProperty("--at", `${(Number(slider.value) / 359) * 100}%`);
  };
  const turnTo = (next: number): void => {
    angle = next;
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  slider.addEventListener("input", () => {
    touched = true;
    turnTo((Number(slider.value) * Math.PI) / 180);
  });
  canvas.addEventListener("pointerdown", (event) => {
    touched = true;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons === 1) turnTo(angle - (event.movementX * Math.PI) / canvas.clientWidth);
  });

  draw();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const onView = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    onView.disconnect();
    const began = performance.now();
    const spin = (now: number): void => {
      const part = Math.min(1, (now - began) / TURN_MS);
      if (touched) return;
      turnTo(BEGIN + 2 * Math.PI * eased(part));
      if (part < 1) requestAnimationFrame(spin);
    };
    requestAnimationFrame(spin);
  });
  onView.observe(canvas);
}

/** Slow at both ends. */
function eased(part: number): number {
  return part * part * (3 - 2 * part);
}

function numbers(text: string | null): [number, number, number] {
  const [z, y, x] = (text ?? "").split(",").map(Number);
  return [z, y, x];
}

function rgb(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
