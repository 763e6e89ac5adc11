import fc from "fast-check";
import { expect, test } from "vitest";
import { maskHash, pack, unpack, xorMasks } from "../../src/engine/codec.ts";
import { Editor } from "../../src/engine/editor.ts";
import type { Heavy } from "../../src/engine/heavy/heavy.ts";
import { JOBS, type JobName } from "../../src/engine/heavy/jobs.ts";
import { Mirror } from "../../src/engine/heavy/mirror.ts";
import { LabelPlane } from "../../src/engine/plane.ts";
import { same } from "../same.ts";

const WIDTH = 140;
const HEIGHT = 90;
const proposal = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => ((i >> 3) % 7 === 0 ? 65535 : (i >> 4) % 3));

/** Does what the worker does, and notes the orders; those named in `lost` never arrive. */
function worker(orders: [JobName, ...unknown[]][], lost: (order: number) => boolean = () => false): Pick<Heavy, "run"> {
  return {
    run: (async (name: JobName, ...args: unknown[]) => {
      orders.push([name, ...args]);
      if (name === "follow" && lost(orders.length)) return undefined;
      return (JOBS[name] as (...args: unknown[]) => unknown)(...structuredClone(args));
    }) as Heavy["run"],
  };
}

async function begun(heavy: Pick<Heavy, "run">): Promise<{ mirror: Mirror; plane: LabelPlane; packed: Uint8Array }> {
  const mirror = new Mirror(heavy);
  const packed = await pack(proposal, WIDTH, HEIGHT);
  const { mine, labels } = await heavy.run("begin", mirror.number, packed, WIDTH, HEIGHT, "uint16");
  expect(same(mine, labels)).toBe(true);
  const plane = new LabelPlane(WIDTH, HEIGHT, mine, true);
  mirror.follow(plane);
  return { mirror, plane, packed };
}

function draw(editor: Editor, x: number, y: number, label: number): void {
  editor.start({ tool: "brush", size: 18, label, remove: false }, { x, y });
  editor.move({ x: x + 40, y: y + 9 });
  editor.end();
}

test("the worker's mirror is sealed as the mask would be, whatever was drawn, undone and done again", async () => {
  const step = fc.oneof(
    fc.record({ x: fc.integer({ min: -20, max: WIDTH }), y: fc.integer({ min: -20, max: HEIGHT }), label: fc.constantFrom(0, 1, 700, 65535) }),
    fc.constantFrom("undo" as const, "redo" as const, "clear" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const orders: [JobName, ...unknown[]][] = [];
      const { mirror, plane, packed } = await begun(worker(orders));
      const editor = new Editor(plane, () => undefined);
      for (const each of steps) {
        if (typeof each === "string") editor[each]();
        else draw(editor, each.x, each.y, each.label);
      }
      const { hash, difference } = await mirror.seal(plane, packed);
      expect(hash).toBe(await maskHash(plane.data, WIDTH, HEIGHT));
      const sent = await unpack(Uint8Array.from(Buffer.from(difference, "base64")), { width: WIDTH, height: HEIGHT });
      expect(same(sent.mask, xorMasks(plane.data, proposal))).toBe(true);
      // Nothing large is handed over once the work has begun.
      const large = orders.slice(1).filter((order) => order.some((arg) => ArrayBuffer.isView(arg) && arg.byteLength === plane.data.byteLength));
      expect(large).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("a mirror that has missed a stroke is given the mask", async () => {
  const orders: [JobName, ...unknown[]][] = [];
  const { mirror, plane, packed } = await begun(worker(orders, (order) => order === 3));
  const editor = new Editor(plane, () => undefined);
  draw(editor, 20, 20, 1);
  draw(editor, 20, 60, 2);
  const { hash } = await mirror.seal(plane, packed);
  expect(hash).toBe(await maskHash(plane.data, WIDTH, HEIGHT));
  expect(orders.filter(([name]) => name === "seal").map(([, mask]) => ArrayBuffer.isView(mask))).toEqual([false, true]);
});

test("a mirror of another task is not taken for this one's", async () => {
  const heavy = worker([]);
  const first = await begun(heavy);
  await begun(heavy);
  expect((await first.mirror.seal(first.plane, first.packed)).hash).toBe(await maskHash(proposal, WIDTH, HEIGHT));
});

test("without a proposal the mirror begins empty", async () => {
  const heavy = worker([]);
  const mirror = new Mirror(heavy);
  await heavy.run("beginEmpty", mirror.number, WIDTH, HEIGHT, "uint8");
  const plane = new LabelPlane(WIDTH, HEIGHT, "uint8");
  mirror.follow(plane);
  draw(new Editor(plane, () => undefined), 10, 10, 1);
  expect((await mirror.seal(plane, null)).hash).toBe(await maskHash(plane.data, WIDTH, HEIGHT));
});
