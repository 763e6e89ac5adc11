import { describe, expect, it } from "vitest";
import { ApiError, type IngestApi, type Piece } from "../../src/upload/api.ts";
import { parseSlices } from "../../src/upload/slices.ts";
import { transfer } from "../../src/upload/transfer.ts";
import type { UploadState } from "../../src/upload/types.ts";

/** A server that keeps what arrives; `faults` are thrown in turn before pieces are taken. */
class Server {
  readonly bytes: number[] = [];
  begun = 0;
  faults: (Error | null)[] = [];
  size = 0;

  state(): Promise<UploadState> {
    return Promise.resolve(this.now());
  }

  begin(_: string, size: number): Promise<UploadState> {
    this.begun += 1;
    this.size = size;
    this.bytes.length = 0;
    return Promise.resolve(this.now());
  }

  async send(_: string, offset: number, piece: Blob): Promise<Piece> {
    const fault = this.faults.shift();
    if (fault) throw fault;
    if (offset !== this.bytes.length) return { status: 409, ...this.where() };
    this.bytes.push(...new Uint8Array(await piece.arrayBuffer()));
    return { status: 200, ...this.where() };
  }

  private where(): { received: number; complete: boolean } {
    return { received: this.bytes.length, complete: this.bytes.length === this.size };
  }

  private now(): UploadState {
    return { id: "u1", filename: "a.tif", size: this.size, piece: 4, ...this.where() };
  }
}

class Memory {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

const FILE = new File([new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])], "a.tif");

function run(server: Server, memory = new Memory(), signal = new AbortController().signal) {
  const seen: number[] = [];
  const waits: boolean[] = [];
  const done = transfer(server as unknown as IngestApi, "s", FILE, {
    onProgress: (received) => seen.push(received),
    onWaiting: (waiting) => waits.push(waiting),
    signal,
    pause: () => 0,
    memory,
  });
  return { done, seen, waits, memory };
}

describe("transfer", () => {
  it("sends a file in pieces", async () => {
    const server = new Server();
    const { done, seen, memory } = run(server);
    expect((await done).complete).toBe(true);
    expect(server.bytes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(seen).toEqual([0, 4, 8, 10]);
    expect(memory.kept.size).toBe(0);
  });

  it("sends a lost piece again", async () => {
    const server = new Server();
    server.faults = [null, new ApiError(0, "gone"), new ApiError(503, "busy")];
    const { done, waits } = run(server);
    await done;
    expect(server.bytes).toHaveLength(10);
    expect(waits).toContain(true);
    expect(waits.at(-1)).toBe(false);
  });

  it("gives up at once where trying again is of no use", async () => {
    const server = new Server();
    server.faults = [new ApiError(413, "The disk is full.")];
    await expect(run(server).done).rejects.toThrow("The disk is full.");
  });

  it("goes on after a reload where the server stopped", async () => {
    const server = new Server();
    const memory = new Memory();
    server.faults = [null, new ApiError(403, "signed out")];
    await expect(run(server, memory).done).rejects.toThrow("signed out");
    const { done, seen } = run(server, memory);
    await done;
    expect(server.begun).toBe(1);
    expect(seen[0]).toBe(4);
    expect(server.bytes).toHaveLength(10);
  });
});

describe("parseSlices", () => {
  it("counts from one and sorts", () => {
    expect(parseSlices("9, 1-3", 10)).toEqual([0, 1, 2, 8]);
    expect(parseSlices("", 10)).toBeNull();
    expect(parseSlices("all", 10)).toBeNull();
  });

  it("says what is wrong", () => {
    expect(() => parseSlices("1-x", 10)).toThrow("1-x");
    expect(() => parseSlices("8-12", 10)).toThrow("Slices go from 1 to 10");
    expect(() => parseSlices("0", 10)).toThrow("lies outside");
  });
});
