// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { patchPixels, worst } from "../../src/explorer/patches.ts";
import type { Patches } from "../../src/explorer/types.ts";
import { volume } from "../../src/explorer/words.ts";

const patches: Patches = {
  name: "discriminator", names: ["discriminator"], side: 32, rows: 2, columns: 3,
  values: [0, 0.2, 0, 0.4, 0, 0.1], top: 0.4,
};

describe("the patch map", () => {
  it("is clear where nothing is doubted and strongest where most is", () => {
    const alphas = [...patchPixels(patches)].filter((_, at) => at % 4 === 3);
    expect(alphas).toEqual([0, 95, 0, 190, 0, 48]);
  });

  it("names the centres of the most doubtful patches, the worst first, and no others", () => {
    expect(worst(patches)).toEqual([
      { y: 48, x: 16, value: 0.4 },
      { y: 16, x: 48, value: 0.2 },
      { y: 48, x: 80, value: 0.1 },
    ]);
    expect(worst(patches, 1)).toHaveLength(1);
  });

  it("draws nothing where the proposal is doubted nowhere", () => {
    const calm = { ...patches, values: [0, 0, 0, 0, 0, 0], top: 0 };
    expect(Math.max(...patchPixels(calm).filter((_, at) => at % 4 === 3))).toBe(0);
  });
});

describe("volumes", () => {
  it("are told in cubic micrometres where voxels are given in nanometres", () => {
    expect(volume(1_000_000, { voxel: [50, 10, 10], unit: "nanometer" })).toBe("5\u202fµm³");
    expect(volume(2, { voxel: [1, 1, 1], unit: "millimeter" })).toBe("2\u202fmm³");
  });

  it("are not told where the size of a voxel is not known", () => {
    expect(volume(2, { voxel: [1, 1, 1], unit: "" })).toBe("");
  });
});
