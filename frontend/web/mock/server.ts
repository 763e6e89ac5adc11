/** The server's part of the correction page, over the phantom; state lives as long as the process. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeRle, deflate, encodeRle, inflate, maskHash } from "../src/engine/codec.ts";
import type { CorrectionIn, CorrectionOut, TaskPayload } from "../src/annotator/types.ts";
import { doubtful, image, proposal, SHAPE, voxel } from "./phantom.ts";
import { encodePng } from "./png.ts";

const TILE = 512;
const SLICES = [14, 20, 27];
const GUIDE = `<h3>What to mark</h3><p>Lipid droplets are <strong>round, smooth and evenly light</strong>.
Mark each one up to its dark rim.</p><h3>What to leave</h3><ul><li>Small dark bodies with stripes: mitochondria.</li>
<li>Light streaks without a rim.</li></ul><p>Practice slices and test slices are mixed in; we tell you how you did.</p>`;

const images = new Map<number, Uint8Array>();
const assignments = new Map<string, TaskPayload>();
const corrections = new Map<string, CorrectionOut>();
let given = 0;

function slice(z: number): Uint8Array {
  let grey = images.get(z);
  if (!grey) images.set(z, (grey = image(z)));
  return grey;
}

function levelShape(level: number): [number, number, number] {
  return [SHAPE.z, Math.ceil(SHAPE.y / 2 ** level), Math.ceil(SHAPE.x / 2 ** level)];
}

function tile(level: number, z: number, row: number, col: number): Buffer | null {
  const [, height, width] = levelShape(level);
  const w = Math.min(TILE, width - col * TILE);
  const h = Math.min(TILE, height - row * TILE);
  if (w <= 0 || h <= 0) return null;
  return encodePng(sample(z, (y, x) => [(row * TILE + y) << level, (col * TILE + x) << level], w, h), w, h);
}

function sample(z: number, at: (y: number, x: number) => [number, number], width: number, height: number): Uint8Array {
  const grey = slice(z);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sy, sx] = at(y, x);
      out[y * width + x] = grey[Math.min(SHAPE.y - 1, sy) * SHAPE.x + Math.min(SHAPE.x - 1, sx)];
    }
  }
  return out;
}

function orthogonal(axis: string, index: number): Buffer {
  const width = axis === "y" ? SHAPE.x : SHAPE.y;
  const out = Uint8Array.from({ length: SHAPE.z * width }, (_, at) => {
    const z = Math.floor(at / width);
    const i = at % width;
    return axis === "y" ? voxel(z, index, i) : voxel(z, i, index);
  });
  return encodePng(out, width, SHAPE.z);
}

async function newTask(slug: string): Promise<TaskPayload> {
  const z = SLICES[given++];
  const id = randomUUID();
  const task: TaskPayload = {
    assignment_id: id,
    lease_until: new Date(Date.now() + 600_000).toISOString(),
    task_id: 100 + z,
    kind: given === 2 ? "practice" : "work",
    study: {
      slug, title: "Liver 3", guide_html: GUIDE, lessons: [], consent_version: "1",
      classes: [{ value: 1, name: "lipid droplet", color: "#E69F00" }, { value: 2, name: "vessel", color: "#CC79A7" }],
      label_dtype: "uint8", instances: false,
    },
    cube: {
      id: 1, name: "Phantom", shape: [SHAPE.z, SHAPE.y, SHAPE.x],
      levels: [0, 1, 2].map((level) => ({
        level, shape: levelShape(level), scale: [32, 8 * 2 ** level, 8 * 2 ** level],
      })),
      tile: TILE, version: "phantom", dtype: "uint8", low: 0, high: 255, unit: "nanometer", voxel_size: [32, 8, 8],
    },
    z, y0: 0, x0: 0, height: SHAPE.y, width: SHAPE.x, round: 2,
    neighbours: [z - 3, z - 2, z - 1, z + 1, z + 2, z + 3],
    proposal: {
      url: `/api/v1/tasks/${100 + z}/proposal`,
      hash: await maskHash(proposal(z), SHAPE.x, SHAPE.y),
      origin: "machine",
    },
    doubtful: doubtful(z),
    favourite: false,
    note: given === 3 ? "Two people disagreed about the small droplets at the bottom." : "",
  };
  assignments.set(id, task);
  return task;
}

async function store(id: string, body: CorrectionIn): Promise<[number, CorrectionOut | { detail: string }]> {
  const known = corrections.get(body.id);
  if (known) return [200, known];
  const task = assignments.get(id);
  if (!task) return [404, { detail: "This slice was not given to you." }];
  const packed = Buffer.from(body.difference, "base64");
  const { mask } = decodeRle(await inflate(packed, 1e8), { width: SHAPE.x, height: SHAPE.y });
  const base = proposal(task.z);
  const own = Uint8Array.from(mask, (d, i) => d ^ base[i]);
  if ((await maskHash(own, SHAPE.x, SHAPE.y)) !== body.mask_hash) {
    return [422, { detail: "The correction arrived damaged; send it again." }];
  }
  const result: CorrectionOut = {
    id: body.id, task_id: task.task_id, changed_voxels: mask.filter((d) => d !== 0).length, supersedes: null,
    message: task.kind === "practice" ? "You agreed with the expert on 97 % of the droplets." : "",
  };
  corrections.set(body.id, result);
  return [201, result];
}

async function readJson<T>(request: IncomingMessage): Promise<T> {
  let text = "";
  for await (const part of request) text += String(part);
  return JSON.parse(text || "{}") as T;
}

function reply(response: ServerResponse, status: number, type: string, body: Uint8Array | string): void {
  response.writeHead(status, { "Content-Type": type });
  response.end(body);
}

/** Answers a request of the API; false when the path is none of it. */
export async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? "/", "http://mock");
  const path = url.pathname.replace("/api/v1", "");
  const json = (status: number, value: unknown): void =>
    reply(response, status, "application/json", JSON.stringify(value));
  let match: RegExpExecArray | null;
  if ((match = /^\/studies\/([\w-]+)\/next$/.exec(path))) {
    if (given < SLICES.length) {
      json(200, await newTask(match[1]));
    } else {
      // The next visit begins anew.
      given = 0;
      response.writeHead(204).end();
    }
  } else if ((match = /^\/assignments\/([\w-]+)\/corrections$/.exec(path))) {
    json(...(await store(match[1], await readJson<CorrectionIn>(request))));
  } else if (/^\/assignments\/[\w-]+\/renew$/.test(path)) {
    json(200, { lease_until: new Date(Date.now() + 600_000).toISOString() });
  } else if (/^\/assignments\/[\w-]+\/release$/.test(path)) {
    response.writeHead(204).end();
  } else if ((match = /^\/tasks\/(\d+)\/proposal$/.exec(path))) {
    const mask = proposal(Number(url.searchParams.get("z") ?? Number(match[1]) - 100));
    response.setHeader("X-Mask-Hash", await maskHash(mask, SHAPE.x, SHAPE.y));
    reply(response, 200, "application/octet-stream", await deflate(encodeRle(mask, SHAPE.x, SHAPE.y)));
  } else if ((match = /^\/cubes\/1\/tiles\/(\d+)\/(\d+)\/(\d+)\/(\d+)\.jpg$/.exec(path))) {
    const [level, z, row, col] = match.slice(1).map(Number);
    const png = tile(level, z, row, col);
    if (png) reply(response, 200, "image/png", png);
    else json(404, { detail: "There is no such tile." });
  } else if ((match = /^\/cubes\/1\/plane\/([yx])\/(\d+)\.jpg$/.exec(path))) {
    reply(response, 200, "image/png", orthogonal(match[1], Number(match[2])));
  } else {
    return false;
  }
  return true;
}
