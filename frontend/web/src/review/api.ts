/** The server, as the review queue sees it. Every failure carries one sentence for a person. */
import { t } from "./messages.ts";
import type { Bulk, Detail, Filter, Queue, Verdict } from "./types.ts";

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

export class ReviewApi {
  private readonly study: string;
  private readonly csrf: string;

  constructor(study: string, csrf: string) {
    this.study = study;
    this.csrf = csrf;
  }

  queue(filter: Filter, after = ""): Promise<Queue> {
    const query = new URLSearchParams({ after });
    for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value as string);
    return this.json("GET", `/studies/${this.study}/review?${query}`);
  }

  detail(id: number): Promise<Detail> {
    return this.json("GET", `/consensus/${id}`);
  }

  async mask(id: number, path: string): Promise<Uint8Array> {
    const response = await this.request("GET", `/consensus/${id}/${path}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  accept(id: number): Promise<Verdict> {
    return this.json("POST", `/consensus/${id}/accept`);
  }

  sendBack(id: number, note: string): Promise<Verdict> {
    return this.json("POST", `/consensus/${id}/send-back`, { note });
  }

  fix(id: number, maskHash: string, difference: string): Promise<Verdict> {
    return this.json("POST", `/consensus/${id}/fix`, { mask_hash: maskHash, difference });
  }

  undo(verdict: number): Promise<Verdict> {
    return this.json("POST", `/verdicts/${verdict}/undo`);
  }

  bulkPreview(risk: number): Promise<Bulk> {
    return this.json("GET", `/studies/${this.study}/review/bulk?risk=${risk}`);
  }

  bulkAccept(risk: number, count: number): Promise<Bulk> {
    return this.json("POST", `/studies/${this.study}/review/bulk`, { risk, count });
  }

  undoBatch(batch: string): Promise<{ count: number }> {
    return this.json("POST", `/studies/${this.study}/verdicts/together/${batch}/undo`);
  }

  private async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.request(method, path, body)).json()) as T;
  }

  private async request(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { "X-CSRFToken": this.csrf };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(`/api/v1${path}`, {
        method,
        headers,
        credentials: "same-origin",
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new ApiError(0, t("error.offline"));
    }
    if (response.ok) return response;
    throw new ApiError(response.status, await sentence(response));
  }
}

async function sentence(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: unknown };
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // Not JSON: something between here and the server answered.
  }
  return t("error.server", { status: response.status });
}
