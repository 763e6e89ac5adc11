/** The voxels of a body that can be seen from outside, with the way they face. */

/** Set in a voxel in whose slice people agreed on something. */
const SEEN = 128;

export interface Body {
  /** One byte a voxel in the order z, y, x: 0, or the number of a class, plus SEEN. */
  voxels: Uint8Array;
  shape: readonly [number, number, number];
  /** Lengths along z, y and x in one unit. */
  size: readonly [number, number, number];
}

export interface Surface {
  count: number;
  /** Three numbers a voxel: where it is, in a box around 0 whose longest side is 1; x, y, z. */
  place: Float32Array;
  /** Three numbers a voxel: the direction it faces, of length 1; x, y, z. */
  facing: Float32Array;
  /** Number of the class, from 1. */
  kind: Uint8Array;
  /** 1 where people agreed. */
  seen: Uint8Array;
  /** Half the sides of the box; x, y, z. */
  half: readonly [number, number, number];
  /** The longest side of a voxel. */
  spacing: number;
}

export function surfaceOf(body: Body): Surface {
  const { voxels, shape, size } = body;
  const [depth, height, width] = shape;
  const longest = Math.max(...size);
  const half = [size[2] / longest / 2, size[1] / longest / 2, size[0] / longest / 2] as const;
  const step = [(2 * half[0]) / width, (2 * half[1]) / height, (2 * half[2]) / depth] as const;
  const full = (z: number, y: number, x: number): number =>
    z >= 0 && y >= 0 && x >= 0 && z < depth && y < height && x < width && voxels[(z * height + y) * width + x] ? 1 : 0;

  const place: number[] = [];
  const facing: number[] = [];
  const kind: number[] = [];
  const seen: number[] = [];
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const value = voxels[at];
        if (value === 0 || surrounded(full, z, y, x)) continue;
        place.push((x + 0.5) * step[0] - half[0], (y + 0.5) * step[1] - half[1], (z + 0.5) * step[2] - half[2]);
        facing.push(...outwards(full, z, y, x, step));
        kind.push(value % SEEN);
        seen.push(value >= SEEN ? 1 : 0);
      }
    }
  }
  return {
    count: kind.length,
    place: Float32Array.from(place),
    facing: Float32Array.from(facing),
    kind: Uint8Array.from(kind),
    seen: Uint8Array.from(seen),
    half,
    spacing: Math.max(...step),
  };
}

type Full = (z: number, y: number, x: number) => number;

function surrounded(full: Full, z: number, y: number, x: number): boolean {
  return (
    full(z - 1, y, x) + full(z + 1, y, x) + full(z, y - 1, x) + full(z, y + 1, x) + full(z, y, x - 1) + full(z, y, x + 1) === 6
  );
}

/** Away from the voxels round about: two steps each way, so that a staircase looks like a slope. */
function outwards(full: Full, z: number, y: number, x: number, step: readonly [number, number, number]): [number, number, number] {
  let [nx, ny, nz] = [0, 0, 0];
  for (let dz = -2; dz <= 2; dz++) {
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        if (!full(z + dz, y + dy, x + dx)) continue;
        nx -= dx;
        ny -= dy;
        nz -= dz;
      }
    }
  }
  nx /= step[0];
  ny /= step[1];
  nz /= step[2];
  const length = Math.hypot(nx, ny, nz);
  return length > 0 ? [nx / length, ny / length, nz / length] : [0, 0, 1];
}
