/**
 * The page's side of the worker. What is handed over is copied at once, so that the hand can go on.
 * Where no worker can be had the same work is done here.
 */
import type { JobName, JobResult, Jobs } from "./jobs.ts";
import type { Answer, Order } from "./worker.ts";

/** What the page needs of a Worker. */
export interface WorkerLike {
  postMessage(order: Order): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Answer>) => void): void;
  addEventListener(type: "error", listener: () => void): void;
}

interface Waiting {
  order: Order;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export function startWorker(): WorkerLike {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

export class Heavy {
  private worker: WorkerLike | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private here: Promise<{ JOBS: Jobs }> | null = null;

  constructor(start: () => WorkerLike = startWorker) {
    try {
      this.worker = start();
      this.worker.addEventListener("message", ({ data }) => this.settle(data));
      this.worker.addEventListener("error", () => this.goOnHere());
    } catch {
      // Some browsers and pages know no workers.
      this.goOnHere();
    }
  }

  run<N extends JobName>(name: N, ...args: Parameters<Jobs[N]>): Promise<JobResult<N>> {
    return new Promise((resolve, reject) => {
      const order = { id: this.count++, name, args };
      const waiting = { order, reject, resolve: resolve as (result: unknown) => void };
      this.waiting.set(order.id, waiting);
      if (this.worker) this.worker.postMessage(order);
      else void this.doHere(waiting);
    });
  }

  private settle(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.result);
  }

  /** The worker did not load, or is gone: what it owed is done here, and all that comes. */
  private goOnHere(): void {
    this.worker = null;
    // At once, while there is a network: later work may have to be handed in offline.
    this.here ??= import("./jobs.ts");
    this.here.catch(() => (this.here = null));
    for (const waiting of this.waiting.values()) void this.doHere(waiting);
  }

  private async doHere({ order: { id, name, args }, reject }: Waiting): Promise<void> {
    try {
      const { JOBS } = await (this.here ??= import("./jobs.ts"));
      this.settle({ id, result: await (JOBS[name] as (...args: unknown[]) => unknown)(...args) });
    } catch (error) {
      this.waiting.delete(id);
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
