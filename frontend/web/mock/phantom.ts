/** A small synthetic cube for developing without a server: droplets in grainy tissue. */

export const SHAPE = { z: 40, y: 820, x: 1024 };

interface Droplet {
  z: number;
  y: number;
  x: number;
  r: number;
}

/** Mulberry32: a tiny repeatable random number generator. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const draw = random(7);
const DROPLETS: Droplet[] = Array.from({ length: 90 }, () => ({
  z: draw() * SHAPE.z,
  y: draw() * SHAPE.y,
  x: draw() * SHAPE.x,
  r: 9 + 34 * draw() ** 2,
}));
const ORGANELLES: Droplet[] = Array.from({ length: 140 }, () => ({
  z: draw() * SHAPE.z,
  y: draw() * SHAPE.y,
  x: draw() * SHAPE.x,
  r: 6 + 14 * draw(),
}));

/** Voxels are this many times as deep as they are wide. */
const DEPTH = 4;

function radiusAt(d: Droplet, z: number): number {
  const squared = d.r ** 2 - ((z - d.z) * DEPTH) ** 2;
  return squared > 0 ? Math.sqrt(squared) : 0;
}

function forDisc(d: Droplet, radius: number, visit: (i: number, distance: number) => void): void {
  for (let y = Math.max(0, Math.floor(d.y - radius)); y < Math.min(SHAPE.y, d.y + radius + 1); y++) {
    for (let x = Math.max(0, Math.floor(d.x - radius)); x < Math.min(SHAPE.x, d.x + radius + 1); x++) {
      const distance = Math.hypot(x + 0.5 - d.x, y + 0.5 - d.y);
      if (distance <= radius) visit(y * SHAPE.x + x, distance);
    }
  }
}

/** Noise of a voxel, -1..1, repeatable without drawing the voxels before it. */
function grain(z: number, y: number, x: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b) ^ Math.imul(z, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h ^= h >>> 13;
  return ((h & 0xffff) + (h >>> 16)) / 0xffff - 1;
}

function tissue(z: number, y: number, x: number): number {
  const waves = Math.sin(x / 31 + z / 9 + y / 60) + Math.sin(y / 27 - x / 71);
  return 128 + 9 * waves + 7 * Math.sin((x + 2 * y) / 5.3 + 3 * waves);
}

function organelle(distance: number, radius: number, x: number): number {
  return (distance > radius - 2.5 ? 60 : 92) + 12 * Math.sin(x / 3);
}

function droplet(distance: number, radius: number): number {
  return distance > radius - 1.6 ? 88 : 186;
}

function toByte(grey: number, z: number, y: number, x: number): number {
  return Math.max(0, Math.min(255, grey + 44 * grain(z, y, x)));
}

export function image(z: number): Uint8Array {
  const grey = new Float32Array(SHAPE.y * SHAPE.x);
  for (let i = 0; i < grey.length; i++) grey[i] = tissue(z, Math.floor(i / SHAPE.x), i % SHAPE.x);
  for (const each of ORGANELLES) {
    const radius = radiusAt(each, z);
    forDisc(each, radius, (i, d) => (grey[i] = organelle(d, radius, i % SHAPE.x)));
  }
  for (const each of DROPLETS) {
    const radius = radiusAt(each, z);
    forDisc(each, radius, (i, d) => (grey[i] = droplet(d, radius)));
  }
  return Uint8Array.from(grey, (v, i) => toByte(v, z, Math.floor(i / SHAPE.x), i % SHAPE.x));
}

/** One voxel of `image`, for views from the side. */
export function voxel(z: number, y: number, x: number): number {
  let grey = tissue(z, y, x);
  const within = (each: Droplet): [number, number] =>
    [Math.hypot(x + 0.5 - each.x, y + 0.5 - each.y), radiusAt(each, z)];
  for (const each of ORGANELLES) {
    const [distance, radius] = within(each);
    if (radius > 0 && distance <= radius) grey = organelle(distance, radius, x);
  }
  for (const each of DROPLETS) {
    const [distance, radius] = within(each);
    if (radius > 0 && distance <= radius) grey = droplet(distance, radius);
  }
  return toByte(grey, z, y, x);
}

/** The proposal of a slice: right but for a missing, an invented and a few ragged droplets. */
export function proposal(z: number): Uint8Array {
  const mask = new Uint8Array(SHAPE.y * SHAPE.x);
  DROPLETS.forEach((droplet, i) => {
    if (i % 11 === 3) return;
    const radius = radiusAt(droplet, z) * (i % 7 === 2 ? 0.72 : 0.98);
    forDisc(droplet, radius, (at) => (mask[at] = 1));
  });
  ORGANELLES.forEach((organelle, i) => {
    if (i % 29 === 5) forDisc(organelle, radiusAt(organelle, z), (at) => (mask[at] = 1));
  });
  return mask;
}

/** Boxes around what `proposal` has missed, as the discriminator would point at them. */
export function doubtful(z: number): { y0: number; x0: number; height: number; width: number; score: number }[] {
  return DROPLETS.flatMap((droplet, i) => {
    const radius = radiusAt(droplet, z);
    if (i % 11 !== 3 || radius < 6) return [];
    const size = Math.ceil(2 * radius + 24);
    const y0 = Math.max(0, Math.round(droplet.y - size / 2));
    const x0 = Math.max(0, Math.round(droplet.x - size / 2));
    const height = Math.min(size, SHAPE.y - y0);
    const width = Math.min(size, SHAPE.x - x0);
    return [{ y0, x0, height, width, score: 0.8 }];
  });
}
