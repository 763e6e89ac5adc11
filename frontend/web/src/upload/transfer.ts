/**
 * Sends a file in pieces. A piece that is lost is sent again, with growing pauses; an upload that
 * was broken off, by a reload too, goes on where the server stopped.
 */
import { ApiError, type IngestApi } from "./api.ts";
import type { UploadState } from "./types.ts";

export interface TransferOptions {
  onProgress: (received: number) => void;
  /** The connection is gone; the transfer tries again by itself. */
  onWaiting: (waiting: boolean) => void;
  signal: AbortSignal;
  /** Pause in milliseconds before the n-th try (from 1). */
  pause?: (attempt: number) => number;
  memory?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

const LONGEST_PAUSE_MS = 30_000;

export async function transfer(
  api: IngestApi,
  study: string,
  file: File,
  options: TransferOptions,
): Promise<UploadState> {
  const memory = options.memory ?? localStorage;
  const key = `upload:${study}:${file.name}:${file.size}:${file.lastModified}`;
  let upload = await resume(api, memory.getItem(key), file);
  memory.setItem(key, upload.id);
  options.onProgress(upload.received);
  let attempt = 0;
  while (!upload.complete) {
    const end = Math.min(file.size, upload.received + upload.piece);
    try {
      const answer = await api.send(
        upload.id, upload.received, file.slice(upload.received, end), options.signal,
      );
      const { received, complete } = answer;
      if (received === upload.received && !complete) throw new ApiError(0, "Nothing arrived.");
      upload = { ...upload, received, complete };
      attempt = 0;
      options.onWaiting(false);
      options.onProgress(received);
    } catch (error) {
      if (options.signal.aborted || !passing(error)) throw error;
      attempt += 1;
      options.onWaiting(true);
      await rest((options.pause ?? growing)(attempt), options.signal);
      upload = await where(api, upload);
    }
  }
  memory.removeItem(key);
  return upload;
}

async function resume(api: IngestApi, id: string | null, file: File): Promise<UploadState> {
  if (id) {
    try {
      const known = await api.state(id);
      if (known.size === file.size && !known.complete) return known;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
  return api.begin(file.name, file.size);
}

/** Where the server is; while it cannot be asked, what was known last. */
async function where(api: IngestApi, upload: UploadState): Promise<UploadState> {
  try {
    return { ...(await api.state(upload.id)), piece: upload.piece };
  } catch (error) {
    if (passing(error)) return upload;
    throw error;
  }
}

function passing(error: unknown): boolean {
  return error instanceof ApiError && [0, 408, 425, 429, 500, 502, 503, 504].includes(error.status);
}

function growing(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** attempt);
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    });
  });
}
