/** The server, as the way in sees it. Every failure carries one sentence for a person. */
import { t } from "./messages.ts";
import type { Preview, Source, UploadState } from "./types.ts";

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

export interface Piece {
  status: number;
  received: number;
  complete: boolean;
}

export class IngestApi {
  private readonly study: string;
  private readonly csrf: string;

  constructor(study: string, csrf: string) {
    this.study = study;
    this.csrf = csrf;
  }

  begin(filename: string, size: number): Promise<UploadState> {
    return this.json("POST", `/studies/${this.study}/uploads`, { filename, size });
  }

  state(id: string): Promise<UploadState> {
    return this.json("GET", `/uploads/${id}`);
  }

  /** Sends a piece; 409 is an answer too: it says where the server really is. */
  async send(id: string, offset: number, piece: Blob, signal: AbortSignal): Promise<Piece> {
    const response = await this.request("PATCH", `/uploads/${id}`, {
      body: piece,
      headers: { "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" },
      signal,
      accept: [409],
    });
    const { received, complete } = (await response.json()) as Omit<Piece, "status">;
    return { status: response.status, received, complete };
  }

  preview(source: Source & { labels?: boolean }): Promise<Preview> {
    return this.json("POST", `/studies/${this.study}/preview`, source);
  }

  addCube(body: Source & Record<string, unknown>): Promise<{ id: number }> {
    return this.json("POST", `/studies/${this.study}/cubes`, body);
  }

  addLabels(cube: number, body: Source & Record<string, unknown>): Promise<{ id: number }> {
    return this.json("POST", `/cubes/${cube}/labels`, body);
  }

  private async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, {
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
    });
    return (await response.json()) as T;
  }

  private async request(
    method: string,
    path: string,
    options: { body?: BodyInit; headers: Record<string, string>; signal?: AbortSignal; accept?: number[] },
  ): Promise<Response> {
    const { body, headers, signal, accept = [] } = options;
    let response: Response;
    try {
      response = await fetch(`/api/v1${path}`, {
        method,
        body,
        signal,
        credentials: "same-origin",
        headers: { ...headers, "X-CSRFToken": this.csrf },
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, t("error.offline"));
    }
    if (response.ok || accept.includes(response.status)) return response;
    throw new ApiError(response.status, await sentence(response));
  }
}

async function sentence(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: unknown };
    if (typeof detail === "string" && detail) return detail;
    if (Array.isArray(detail)) {
      const [first] = detail as { loc?: unknown[]; msg?: string }[];
      return t("error.field", { field: String(first?.loc?.at(-1) ?? "?"), why: first?.msg ?? t("error.check") });
    }
  } catch {
    // Not JSON: something between here and the server answered.
  }
  return t("error.server", { status: response.status });
}
