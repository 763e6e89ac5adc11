import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeAs, decodeRle, encodeRle, inflate, maskHash, MaskError, pack, toBase64, unpack, xorMasks, xorRuns, type MaskFault,
} from "../../src/engine/codec.ts";
import { allocate, narrow, UNSURE, unsureOf, widen } from "../../src/engine/labels.ts";
import { sha256 } from "../../src/engine/sha256.ts";
import { same } from "../same.ts";

interface Valid {
  name: string;
  width: number;
  height: number;
  runs: [number, number][];
  rle_hex: string;
  sha256: string;
  packed_hex: string;
}
interface Difference extends Valid {
  mask_runs: [number, number][];
  proposal_runs: [number, number][];
}
interface Invalid {
  name: string;
  hex: string;
  reason: string;
}
interface Vectors {
  valid: Valid[];
  differences: Difference[];
  invalid: Invalid[];
  invalid_packed: Invalid[];
}

// The server's tests read the same file.
const path = resolve(import.meta.dirname, "../../../../tests/vectors/mask-codec.json");
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function fromRuns(runs: [number, number][]): Uint32Array {
  return Uint32Array.from(runs.flatMap(([value, length]) => Array<number>(length).fill(value)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function faultOf(work: () => unknown): MaskFault {
  try {
    work();
  } catch (error) {
    if (error instanceof MaskError) return error.fault;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("shared vectors", () => {
  test.each(vectors.valid)("$name is coded to the same bytes and hash", async (vector) => {
    const { width, height } = vector;
    const mask = fromRuns(vector.runs);
    expect(hex(encodeRle(mask, width, height))).toBe(vector.rle_hex);
    expect(await maskHash(mask, width, height)).toBe(vector.sha256);
    const decoded = decodeRle(fromHex(vector.rle_hex));
    expect([decoded.width, decoded.height, same(decoded.mask, mask)]).toEqual([width, height, true]);
    const unpacked = await unpack(fromHex(vector.packed_hex), { width, height });
    expect(same(unpacked.mask, mask)).toBe(true);
  });

  test.each(vectors.differences)("$name has the same difference", ({ mask_runs, proposal_runs, runs }) => {
    const mask = fromRuns(mask_runs);
    const proposal = fromRuns(proposal_runs);
    expect(same(xorMasks(mask, proposal), fromRuns(runs))).toBe(true);
    expect(same(xorMasks(fromRuns(runs), proposal), mask)).toBe(true);
  });

  test.each(vectors.invalid)("$name is refused for the same reason", ({ hex: bytes, reason }) => {
    expect(faultOf(() => decodeRle(fromHex(bytes)))).toBe(reason);
  });

  test.each(vectors.invalid_packed)("packed, $name is refused", async ({ hex: bytes }) => {
    await expect(unpack(fromHex(bytes))).rejects.toThrow(MaskError);
  });
});

describe("properties", () => {
  const shapes = fc.record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) });
  const values = fc.constantFrom(0, 0, 0, 1, 2, 127, 128, 254, 255, 65535, 70000, UNSURE);

  test("any mask survives its own coding", () => {
    fc.assert(
      fc.property(
        shapes.chain((s) => fc.tuple(fc.constant(s), fc.array(values, { minLength: s.width * s.height, maxLength: s.width * s.height }))),
        ([{ width, height }, labels]) => {
          const mask = Uint32Array.from(labels);
          expect(decodeRle(encodeRle(mask, width, height), { width, height }).mask.join()).toBe(mask.join());
        },
      ),
    );
  });

  test.each(["uint8", "uint16", "uint32"] as const)("of %s are coded alike, and so is their difference from their runs", (dtype) => {
    const label = fc.constantFrom(0, 0, 0, 0, 1, 7, 254, unsureOf(dtype));
    // Long runs: a few labels, each several times over.
    const labels = fc.array(fc.tuple(label, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 40 });
    const start = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(labels, fc.array(fc.tuple(fc.nat(200), label), { maxLength: 12 }), start, (runs, changes, offset) => {
        const plain = runs.flatMap(([value, length]) => Array<number>(length).fill(value));
        // A view into a larger array need not begin at a whole word.
        const whole = allocate(dtype, plain.length + offset);
        whole.set(plain, offset);
        const mask = whole.subarray(offset);
        const other = mask.slice();
        for (const [at, value] of changes) if (at < other.length) other[at] = value;
        const width = mask.length;
        expect(same(encodeRle(mask, width, 1), encodeRle(widen(mask), width, 1))).toBe(true);
        const difference = xorRuns(encodeRle(mask, width, 1), encodeRle(other, width, 1));
        expect(same(difference, encodeRle(xorMasks(mask, other), width, 1))).toBe(true);
        expect(same(decodeAs(encodeRle(mask, width, 1), { width, height: 1 }, dtype), mask)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("whatever bytes are accepted are canonical, and all others are refused with a MaskError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (tail) => {
        const bytes = Uint8Array.from([0x4c, 0x4d, 0x31, ...tail.map((b) => b & 0x0f)]);
        try {
          const { mask, width, height } = decodeRle(bytes);
          expect(same(encodeRle(mask, width, height), bytes)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MaskError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a mask that is changed in one byte is refused or another mask", () => {
    const mask = Uint32Array.from({ length: 60 }, (_, i) => (i % 7 < 3 ? 1 : 0));
    const bytes = encodeRle(mask, 10, 6);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at] ^= flip;
        try {
          const { mask: other, width } = decodeRle(damaged);
          expect(width === 10 && same(other, mask)).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(MaskError);
        }
      }),
    );
  });
});

test("unsure is the same value in the stream whatever type stores it", () => {
  for (const dtype of ["uint8", "uint16", "uint32"] as const) {
    const wide = Uint32Array.of(0, 7, UNSURE);
    const stored = narrow(wide, dtype);
    expect(stored[2]).toBe(unsureOf(dtype));
    expect(widen(stored)).toEqual(wide);
    expect(encodeRle(stored, 3, 1)).toEqual(encodeRle(wide, 3, 1));
  }
});

test("a label that a type cannot store is refused", () => {
  expect(() => narrow(Uint32Array.of(255), "uint8")).toThrow(RangeError);
});

test("a bomb is not inflated past its limit", async () => {
  const packed = await pack(Uint8Array.from({ length: 90_000 }, (_, i) => i & 1), 300, 300);
  await expect(inflate(packed, 1000)).rejects.toMatchObject({ fault: "too long" });
});

test("a mask of another shape than expected is refused before it is decoded", () => {
  const bytes = encodeRle(new Uint8Array(12), 4, 3);
  expect(faultOf(() => decodeRle(bytes, { width: 3, height: 4 }))).toBe("shape");
});

test("the plain SHA-256 equals the platform's", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const expected = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
      expect(hex(sha256(bytes))).toBe(hex(new Uint8Array(expected)));
    }),
  );
});

test("base64 equals the platform's for long arrays too", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) & 0xff);
  expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
});
