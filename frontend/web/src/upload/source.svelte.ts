/** From a file or an address to a preview; shared by cubes and labels. */
import type { IngestApi } from "./api.ts";
import { t } from "./messages.ts";
import { transfer } from "./transfer.ts";
import type { Preview, Source } from "./types.ts";

export type Stage = "choose" | "sending" | "looking" | "confirm" | "adding";

export class SourceFlow {
  stage = $state<Stage>("choose");
  file = $state.raw<File | null>(null);
  received = $state(0);
  waiting = $state(false);
  error = $state("");
  preview = $state.raw<Preview | null>(null);
  source = $state.raw<Source>({});

  private readonly api: IngestApi;
  private readonly study: string;
  private readonly labels: boolean;
  private stopper = new AbortController();

  constructor(api: IngestApi, study: string, labels: boolean) {
    this.api = api;
    this.study = study;
    this.labels = labels;
  }

  async send(file: File): Promise<void> {
    this.file = file;
    this.stage = "sending";
    this.error = "";
    this.stopper = new AbortController();
    try {
      const upload = await transfer(this.api, this.study, file, {
        onProgress: (received) => (this.received = received),
        onWaiting: (waiting) => (this.waiting = waiting),
        signal: this.stopper.signal,
      });
      await this.look({ upload: upload.id });
    } catch (error) {
      this.stage = "choose";
      this.error = this.stopper.signal.aborted
        ? t("send.stopped")
        : sentence(error);
    }
  }

  stop(): void {
    this.stopper.abort();
  }

  /** Asks for a preview; what has to be chosen first comes back as a question. */
  async look(source: Source): Promise<void> {
    this.source = source;
    const before = this.stage;
    this.stage = "looking";
    this.error = "";
    try {
      this.preview = await this.api.preview({ ...source, labels: this.labels });
      this.stage = "confirm";
    } catch (error) {
      this.stage = before === "confirm" ? "confirm" : "choose";
      this.error = sentence(error);
    }
  }

  /** Runs the order at the end; `add` returns the address to go to. */
  async finish(add: () => Promise<string>): Promise<void> {
    this.stage = "adding";
    this.error = "";
    try {
      location.href = await add();
    } catch (error) {
      this.stage = "confirm";
      this.error = sentence(error);
    }
  }

  again(): void {
    this.stage = "choose";
    this.preview = null;
    this.file = null;
    this.received = 0;
    this.error = "";
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
