import { describe, expect, test } from "vitest";
import { maskHash, pack, unpack, xorMasks } from "../../src/engine/codec.ts";
import { Editor } from "../../src/engine/editor.ts";
import { Heavy, type WorkerLike } from "../../src/engine/heavy/heavy.ts";
import { JOBS } from "../../src/engine/heavy/jobs.ts";
import type { Answer, Order } from "../../src/engine/heavy/worker.ts";
import { narrow } from "../../src/engine/labels.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { same } from "../same.ts";

/** A worker in the same thread, which sees copies as a real one does, and can fail to load. */
class FakeWorker implements WorkerLike {
  orders: Order[] = [];
  private answer: (event: MessageEvent<Answer>) => void = () => undefined;
  private fail: () => void = () => undefined;

  postMessage(order: Order): void {
    this.orders.push(structuredClone(order));
  }

  addEventListener(type: "message" | "error", listener: ((event: MessageEvent<Answer>) => void) | (() => void)): void {
    if (type === "message") this.answer = listener;
    else this.fail = listener as () => void;
  }

  async work(): Promise<void> {
    for (const { id, name, args } of this.orders.splice(0)) {
      const result = await (JOBS[name] as (...args: unknown[]) => unknown)(...args);
      this.answer({ data: { id, result } } as MessageEvent<Answer>);
    }
  }

  breakDown(): void {
    this.fail();
  }
}

const WIDTH = 40;
const HEIGHT = 30;
const mask = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => ((i >> 3) % 7 === 0 ? 255 : (i >> 4) % 3));

describe("heavy work", () => {
  test("seals a mask as it was when it was handed over", async () => {
    const worker = new FakeWorker();
    const heavy = new Heavy(() => worker);
    const drawn = mask.slice();
    const sealing = heavy.run("seal", drawn, null, WIDTH, HEIGHT);
    drawn.fill(3);
    await worker.work();
    const { hash, difference } = (await sealing)!;
    expect(hash).toBe(await maskHash(mask, WIDTH, HEIGHT));
    const back = await unpack(Uint8Array.from(Buffer.from(difference, "base64")), { width: WIDTH, height: HEIGHT });
    expect(same(narrow(back.mask, "uint8"), mask)).toBe(true);
  });

  test("sends of a mask what is different from the proposal", async () => {
    const proposal = mask.map((label, i) => (i % 50 === 0 ? 1 : label));
    const { difference } = (await JOBS.seal(mask, await pack(proposal, WIDTH, HEIGHT), WIDTH, HEIGHT))!;
    const back = await unpack(Uint8Array.from(Buffer.from(difference, "base64")), { width: WIDTH, height: HEIGHT });
    expect(same(back.mask, xorMasks(mask, proposal))).toBe(true);
  });

  test("opens what was packed, with its hash, and says what is wrong with what was not", async () => {
    const heavy = new Heavy(() => {
      throw new Error("No workers here.");
    });
    const { labels, hash } = await heavy.run("open", await pack(mask, WIDTH, HEIGHT), WIDTH, HEIGHT, "uint8");
    expect(same(labels, mask)).toBe(true);
    expect(hash).toBe(await maskHash(mask, WIDTH, HEIGHT));
    await expect(heavy.run("open", Uint8Array.of(1, 2, 3), WIDTH, HEIGHT, "uint8")).rejects.toThrow("zlib");
  });

  test("is done on the page when the worker does not load, and nothing that waited is lost", async () => {
    const worker = new FakeWorker();
    const heavy = new Heavy(() => worker);
    const waiting = heavy.run("hash", mask, WIDTH, HEIGHT);
    worker.breakDown();
    const expected = await maskHash(mask, WIDTH, HEIGHT);
    expect(await waiting).toBe(expected);
    expect(await heavy.run("hash", mask, WIDTH, HEIGHT)).toBe(expected);
  });
});

describe("filling more than a million pixels", () => {
  const SIDE = 1200;

  /** A closed ring around nearly everything, so that the inside may be filled. */
  function ring(): LabelPlane {
    const labels = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < SIDE; i++) {
      for (const at of [SIDE + i, (SIDE - 2) * SIDE + i, i * SIDE + 1, i * SIDE + SIDE - 2]) labels[at] = 1;
    }
    return new LabelPlane(SIDE, SIDE, labels);
  }

  function fillIn(editor: Editor): void {
    editor.start({ tool: "fill", size: 1, label: 2, remove: false }, { x: 600, y: 600 });
    expect(editor.end()).toBeNull();
  }

  test("is left to the worker, and is one step of the history", async () => {
    const worker = new FakeWorker();
    const heavy = new Heavy(() => worker);
    const editor = new Editor(ring(), () => undefined, {
      proposal: null, ids: null, intensities: () => null, flood: (...args) => heavy.run("flood", ...args),
    });
    fillIn(editor);
    expect(editor.active).toBe(true);
    expect(editor.plane.at(600, 600)).toBe(0);
    // The next stroke has to wait; it must not throw the fill away.
    editor.start({ tool: "brush", size: 9, label: 1, remove: false }, { x: 5, y: 5 });
    await worker.work();
    expect(await editor.settling).toBeNull();
    expect(editor.plane.at(600, 600)).toBe(2);
    expect(editor.plane.at(0, 600)).toBe(0);
    expect(editor.active).toBe(false);
    expect(editor.undo()).toBe(true);
    expect(same(editor.plane.data, ring().data)).toBe(true);
  });

  test("that was taken back meanwhile changes nothing", async () => {
    const worker = new FakeWorker();
    const heavy = new Heavy(() => worker);
    const editor = new Editor(ring(), () => undefined, {
      proposal: null, ids: null, intensities: () => null, flood: (...args) => heavy.run("flood", ...args),
    });
    fillIn(editor);
    const { settling } = editor;
    editor.cancel();
    await worker.work();
    expect(await settling).toBeNull();
    expect(same(editor.plane.data, ring().data)).toBe(true);
    expect(editor.history.canUndo).toBe(false);
  });
});

test("ten edits of a 2048 x 2048 slice come to at most 2 KB of difference", async () => {
  const side = 2048;
  const plane = new LabelPlane(side, side, "uint8");
  for (let b = 0; b < 50; b++) {
    const [cx, cy, r] = [(b * 397) % side, (b * 631) % side, 20 + ((b * 7) % 60)];
    plane.begin();
    for (let y = -r; y <= r; y++) {
      const half = Math.floor(Math.sqrt(r * r - y * y));
      plane.fillSpan(cy + y, cx - half, cx + half + 1, 1 + (b % 2));
    }
    plane.commit();
  }
  const proposal = plane.data.slice();
  const editor = new Editor(plane, () => undefined);
  for (let i = 0; i < 10; i++) {
    const [x, y] = [150 + ((i * 547) % 1700), 150 + ((i * 811) % 1700)];
    editor.start({ tool: i % 3 ? "brush" : "eraser", size: 24, label: 1, remove: false }, { x, y });
    for (let k = 1; k <= 20; k++) editor.move({ x: x + 6 * k, y: y + 30 * Math.sin(k / 4) });
    editor.end();
  }
  const { difference } = (await JOBS.seal(plane.data, await pack(proposal, side, side), side, side))!;
  expect(Buffer.from(difference, "base64").length).toBeLessThanOrEqual(2048);
});
