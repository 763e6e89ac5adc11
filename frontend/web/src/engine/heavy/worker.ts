/** The worker's side: does one job after another and answers each by its number. */
import { JOBS, type JobName } from "./jobs.ts";

export interface Order {
  id: number;
  name: JobName;
  args: unknown[];
}

export type Answer = { id: number; result: unknown } | { id: number; error: string };

addEventListener("message", ({ data: { id, name, args } }: MessageEvent<Order>) => {
  const job = JOBS[name] as (...args: unknown[]) => unknown;
  Promise.resolve()
    .then(() => job(...args))
    .then(
      (result) => postMessage({ id, result } satisfies Answer, { transfer: buffersOf(result) }),
      (error: unknown) => postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies Answer),
    );
});

/** What a result holds alone: handed over, not copied. */
function buffersOf(result: unknown): Transferable[] {
  const parts: unknown[] = [result, ...Object.values(result ?? {})];
  return parts.flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
}
