/** The server, as the correction page sees it. Every failure carries one sentence for a person. */
import { t } from "./messages.ts";
import type { OutboxItem } from "./store/database.ts";
import type { Sent } from "./store/outbox.ts";
import type { CorrectionOut, TaskPayload, Wish } from "./types.ts";

export class ApiError extends Error {
  /** HTTP status, or 0 when the server could not be reached. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

const TIMEOUT_MS = 30_000;

/** Statuses after which the same request may succeed later. */
const TRANSIENT = new Set([0, 401, 408, 425, 429, 500, 502, 503, 504]);

export class Api {
  private readonly csrf: string;
  private readonly base: string;

  constructor(csrf: string, base = "/api/v1") {
    this.csrf = csrf;
    this.base = base;
  }

  /** The next task, or null when there is nothing left for this person now. */
  async next(study: string, wish: Wish = "any"): Promise<TaskPayload | null> {
    const response = await this.request("POST", `/studies/${study}/next`, { kind: wish });
    return response.status === 204 ? null : ((await response.json()) as TaskPayload);
  }

  async renew(assignmentId: string): Promise<void> {
    await this.request("POST", `/assignments/${assignmentId}/renew`);
  }

  async release(assignmentId: string): Promise<void> {
    await this.request("POST", `/assignments/${assignmentId}/release`);
  }

  async keepFavourite(taskId: number, on: boolean): Promise<void> {
    await this.request(on ? "PUT" : "DELETE", `/tasks/${taskId}/favourite`);
  }

  /** Transport form of a proposal, with the hash of the mask. `z`: of a neighbouring slice. */
  async proposal(task: TaskPayload, z?: number): Promise<{ packed: Uint8Array; hash: string }> {
    const url = z === undefined ? task.proposal.url : `${this.base}/tasks/${task.task_id}/proposal?z=${z}`;
    const response = await this.fetch(url, { method: "GET" });
    const packed = new Uint8Array(await response.arrayBuffer());
    return { packed, hash: response.headers.get("X-Mask-Hash") ?? "" };
  }

  /** Transport form of what the experts drew of a practice slice. */
  async gold(correctionId: string): Promise<Uint8Array> {
    const response = await this.fetch(`${this.base}/corrections/${correctionId}/gold`, { method: "GET" });
    return new Uint8Array(await response.arrayBuffer());
  }

  async send(item: OutboxItem): Promise<Sent> {
    try {
      const path = item.recalls
        ? `/corrections/${item.recalls}/recall`
        : `/assignments/${item.assignmentId}/corrections`;
      const response = await this.request("POST", path, item.body);
      return { state: "stored", result: (await response.json()) as CorrectionOut };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const state = TRANSIENT.has(error.status) ? "later" : "refused";
      return { state, detail: error.message };
    }
  }

  private request(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", "X-CSRFToken": this.csrf };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return this.fetch(this.base + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(url, {
        credentials: "same-origin",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...init,
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
    // Not JSON: a proxy answered. The general sentence below says enough.
  }
  return t("error.server", { status: response.status });
}
