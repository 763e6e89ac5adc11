import { expect, test } from "vitest";
import { tinted } from "../../../src/annotator/aside/comparison.ts";
import type { TaskPayload } from "../../../src/annotator/types.ts";

test("a mask is tinted in the colours of its classes, and background stays clear", () => {
  const study = {
    label_dtype: "uint8", classes: [{ value: 2, name: "vessel", color: "#56B4E9" }],
  } as TaskPayload["study"];
  const pixels = tinted(Uint8Array.of(0, 2, 255), { study });
  expect([...pixels.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  expect([...pixels.subarray(4, 7)]).toEqual([0x56, 0xb4, 0xe9]);
  expect(pixels[7]).toBeGreaterThan(0);
  expect(pixels[11]).toBeGreaterThan(0);
});
