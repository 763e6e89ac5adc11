import { expect, test } from "vitest";
import { exactWindow } from "../../src/annotator/look.ts";

test("a part of the range is asked for only where voxels have more greys than a tile", () => {
  expect(exactWindow("uint16", { low: 20, high: 90 })).toEqual({ low: 20, high: 90 });
  expect(exactWindow("float32", { low: 0, high: 90 })).toEqual({ low: 0, high: 90 });
  expect(exactWindow("uint16", { low: 0, high: 255 })).toBeUndefined();
  expect(exactWindow("uint8", { low: 20, high: 90 })).toBeUndefined();
});
