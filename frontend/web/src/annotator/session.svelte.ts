/** The session: fetches tasks, keeps every stroke, hands corrections in, and knows what to show. */
import { LabelPlane, type JournalEntry, type Mirror } from "../engine/index.ts";
import { Api, ApiError } from "./api.ts";
import { fetchAhead } from "./fetch-ahead.ts";
import { database, heavy, software, takeFirst, type FirstTask } from "./first-visit.ts";
import { t } from "./messages.ts";
import type { Phase, Practised, Saved } from "./phases.ts";
import { recallable, type Recallable } from "./recall.ts";
import { remember, settings } from "./settings.svelte.ts";
import type { Begun, Draft } from "./store/database.ts";
import { DraftStore } from "./store/drafts.ts";
import { holdAssignment } from "./store/locks.ts";
import { oneTab, Outbox, type Sent } from "./store/outbox.ts";
import { TaskMasks } from "./task-masks.ts";
import type { CorrectionIn, PageData, TaskPayload } from "./types.ts";
import { uuid } from "./uuid.ts";
import { Workbench } from "./workbench.svelte.ts";

const RENEW_MS = 60_000;
const TOAST_MS = 4500;
const DRAFT_MS = 2000;

export class Session {
  phase = $state.raw<Phase>({ name: "loading" });
  bench = $state.raw<Workbench | null>(null);
  saved = $state<Saved>("none");
  unsent = $state(0);
  submitting = $state(false);
  hard = $state(false);
  comment = $state("");
  toastText = $state("");
  /** What a screen reader says next. */
  announcement = $state("");
  /** Handed in during this visit: all, and those that were already right. */
  tally = $state({ slices: 0, right: 0 });
  needsConsent = $state(false);
  /** What was handed in last in this visit, as long as it can be called back. */
  last = $state.raw<Recallable | null>(null);

  readonly page: PageData;
  private readonly study: string;
  private readonly api: Api;
  private readonly masks: TaskMasks;
  private drafts: DraftStore | null = null;
  private outbox: Outbox | null = null;
  private draft: Draft | null = null;
  /** The draft of the open task is on disk. */
  private stored: Promise<void> | null = null;
  private mirror: Mirror | null = null;
  private releaseLock: (() => void) | null = null;
  private lastSent: { id: string; mask_hash: string } | null = null;
  private pending = 0;
  private toastTimer: ReturnType<typeof setTimeout> | undefined;
  private draftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(page: PageData) {
    this.page = page;
    this.study = page.study;
    this.api = new Api(page.csrf);
    this.masks = new TaskMasks(this.api, heavy);
  }

  async start(): Promise<void> {
    await this.openStores();
    setInterval(() => void this.renew(), RENEW_MS);
    addEventListener("online", () => this.backOnline());
    addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.storeDraft();
    });
    addEventListener("beforeunload", (event) => {
      if (this.saved === "failed" || this.pending > 0) event.preventDefault();
    });
    await this.load(true);
    void this.outbox?.flush();
  }

  /** Fetches a task; at the start of a visit, first what was left open. */
  async load(resume = false): Promise<void> {
    this.phase = { name: "loading" };
    this.close();
    try {
      const [open] = await Promise.all([resume ? this.drafts?.latest(this.study) : null, this.countUnsent()]);
      if (open) {
        await this.open(open.draft.task, open);
        this.say(t("say.restored"));
        void this.renew();
        return;
      }
      if (this.unsent > 0) {
        // The server did not know of it when it was asked for the first task.
        void takeFirst();
        if (await this.mustSendFirst()) return;
      }
      const first = resume ? await takeFirst() : null;
      const task = first ? first.task : await this.api.next(this.study, settings.wish);
      if (!task) return void (this.phase = { name: "done" });
      await this.open(task, null, first);
    } catch (error) {
      this.fail(error);
    }
  }

  acceptConsent(): void {
    const { study } = this.bench!.task;
    settings.consent[study.slug] = study.consent_version;
    remember();
    this.needsConsent = false;
  }

  /** Hands the slice in and goes on to the next. */
  async submit(): Promise<void> {
    const { bench } = this;
    if (!bench || this.submitting || this.needsConsent || this.phase.name !== "work") return;
    this.submitting = true;
    await bench.editor.settling;
    bench.editor.cancel();
    bench.editor.held = true;
    bench.clock.note(performance.now());
    try {
      const body = await this.correction(bench);
      const recalls = this.draft?.recalls;
      const sent = await this.handIn(bench.task.assignment_id, body, recalls);
      if (sent.state !== "refused" && (this.outbox || sent.state === "stored")) {
        if (!recalls) this.tally.slices++;
        if (!recalls && !bench.canUndo) this.tally.right++;
      }
      // Who has been told how well they did on a practice slice cannot do it again.
      const open = sent.state === "stored" && !sent.result.message;
      this.last = open ? recallable(bench, body) : null;
      this.follow(sent, body.id);
    } catch (error) {
      this.toast(error instanceof Error ? error.message : t("error.unknown"));
    } finally {
      this.submitting = false;
      bench.editor.held = false;
    }
    await this.goOn();
  }

  async retryUnsent(): Promise<void> {
    const { phase, outbox } = this;
    if (phase.name !== "unsent" || !outbox || this.submitting) return;
    this.submitting = true;
    const still = (await outbox.waiting()).some((item) => item.id === phase.id);
    const sent = still ? await outbox.deliver(phase.id) : outbox.result(phase.id);
    this.submitting = false;
    if (sent?.state === "later") return;
    if (sent) this.follow(sent, phase.id);
    else this.phase = { name: "loading" };
    await this.goOn();
  }

  /** Opens what was handed in last once more; handing it in again puts it in the place of the old. */
  async recall(): Promise<void> {
    const { last } = this;
    if (!last) return;
    await this.storeDraft();
    this.close();
    this.last = null;
    this.phase = { name: "loading" };
    try {
      const { task, entry, correction } = last;
      const draft: Draft = { ...this.fresh(task, null), ...last.said, recalls: correction };
      const journal = entry ? [entry] : [];
      for (const each of journal) await this.drafts?.append(task.assignment_id, each);
      await this.open(task, { draft, journal });
      this.say(t("say.recalled"));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Gives the slice back untouched, and takes another. */
  async release(): Promise<void> {
    const id = this.bench?.task.assignment_id;
    if (!id) return;
    try {
      await this.api.release(id);
      await this.drafts?.remove(id);
      await this.load();
    } catch (error) {
      this.toast(error instanceof Error ? error.message : t("error.unknown"));
    }
  }

  /** Keeps the slice among the volunteer's favourites, or no longer. */
  async keepFavourite(): Promise<void> {
    const { bench } = this;
    if (!bench) return;
    bench.favourite = !bench.favourite;
    try {
      await this.api.keepFavourite(bench.task.task_id, bench.favourite);
    } catch (error) {
      bench.favourite = !bench.favourite;
      this.toast(error instanceof Error ? error.message : t("error.unknown"));
    }
  }

  /** Flag and comment belong to the draft as the strokes do. */
  noteChanged(): void {
    if (this.draft) Object.assign(this.draft, { hard: this.hard, comment: this.comment });
    void this.storeDraft();
  }

  toast(text: string): void {
    this.toastText = text;
    this.say(text);
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toastText = ""), TOAST_MS);
  }

  say(text: string): void {
    this.announcement = text;
  }

  private async goOn(): Promise<void> {
    if (this.phase.name === "loading") await this.load();
  }

  /**
   * Sends what was handed in earlier, and shows that it waits if it cannot be sent: until then the
   * server takes that slice for untouched and would give it out once more.
   */
  private async mustSendFirst(): Promise<boolean> {
    const { outbox, study } = this;
    const first = async () => (await outbox?.waiting())?.find((item) => item.study === study);
    if (await first()) await outbox?.flush();
    const unsent = await first();
    if (unsent) this.phase = { name: "unsent", id: unsent.id };
    return unsent !== undefined;
  }

  private async openStores(): Promise<void> {
    try {
      const opened = await database;
      this.drafts = new DraftStore(opened);
      this.outbox = new Outbox(opened, {
        send: (item) => this.api.send(item),
        onChange: () => void this.countUnsent(),
        exclusively: oneTab,
      });
    } catch {
      // Private windows of some browsers have no storage: the page says so and works on.
      this.saved = "failed";
    }
  }

  private async open(
    task: TaskPayload, known: Begun | null, first: FirstTask | null = null,
  ): Promise<void> {
    const [release, begun] = await Promise.all([
      holdAssignment(task.assignment_id),
      // It may have been begun before another slice was called back.
      known ?? this.drafts?.of(task.assignment_id),
    ]);
    this.releaseLock = release;
    if (!release) throw new Error(t("error.otherTab"));
    // What the first visit asked for is there already, or on its way.
    if (!first) fetchAhead(task);
    const { labels, mine, packed, mirror } = (await first?.proposed) ?? (await this.masks.proposal(task, begun?.draft.proposal));
    this.mirror = mirror;
    this.draft = begun?.draft ?? this.fresh(task, packed);
    this.draft.proposal ??= packed;
    this.hard = this.draft.hard;
    this.comment = this.draft.comment;
    this.stored = this.storeDraft();
    const journal = begun?.journal ?? [];
    if (this.saved !== "failed") this.saved = journal.length > 0 ? "saved" : "none";
    const plane = new LabelPlane(task.width, task.height, mine, true);
    mirror.follow(plane);
    this.bench = new Workbench(task, labels, plane, {
      onEntry: (entry) => void this.keep(entry),
      neighbour: (z) => this.masks.neighbour(task, z),
      say: (text) => this.say(text),
      toast: (text) => this.toast(text),
      heavy,
      software: await software,
    }, { journal, seconds: this.draft.activeSeconds });
    const { slug, consent_version } = task.study;
    this.needsConsent = settings.consent[slug] !== consent_version;
    this.phase = { name: "work" };
  }

  private fresh(task: TaskPayload, proposal: Uint8Array | null): Draft {
    return {
      assignmentId: task.assignment_id, study: this.study, task, proposal,
      activeSeconds: 0, comment: "", hard: false, updatedAt: Date.now(),
    };
  }

  private close(): void {
    clearTimeout(this.draftTimer);
    this.bench = null;
    this.draft = null;
    this.lastSent = null;
    this.releaseLock?.();
    this.releaseLock = null;
  }

  private async keep(entry: JournalEntry): Promise<void> {
    const { draft, drafts } = this;
    if (!draft || !drafts) return;
    this.pending++;
    this.saved = "saving";
    try {
      // A line without its draft would be found by nobody.
      await Promise.all([drafts.append(draft.assignmentId, entry), this.stored]);
      this.pending--;
      if (this.pending === 0) this.saved = "saved";
      clearTimeout(this.draftTimer);
      this.draftTimer = setTimeout(() => void this.storeDraft(), DRAFT_MS);
    } catch {
      this.pending--;
      this.saved = "failed";
    }
  }

  private async storeDraft(): Promise<void> {
    const { draft, drafts, bench } = this;
    if (!draft || !drafts) return;
    if (bench) draft.activeSeconds = bench.clock.seconds;
    draft.updatedAt = Date.now();
    try {
      await drafts.put({ ...draft });
    } catch {
      this.saved = "failed";
    }
  }

  private async correction(bench: Workbench): Promise<CorrectionIn> {
    const { task, editor } = bench;
    const proposal = this.draft?.proposal ?? null;
    const { hash: mask_hash, difference } = await this.mirror!.seal(editor.plane, proposal);
    // The same mask sent again is the same correction, and the server counts it once.
    if (this.lastSent?.mask_hash !== mask_hash) this.lastSent = { id: uuid(), mask_hash };
    return {
      id: this.lastSent.id,
      proposal_hash: task.proposal.hash,
      mask_hash,
      difference,
      active_seconds: Math.round(bench.clock.seconds * 10) / 10,
      strokes: bench.strokes,
      flag: this.hard ? "hard" : "",
      comment: this.comment.trim(),
      consent_version: task.study.consent_version,
    };
  }

  private async handIn(assignmentId: string, body: CorrectionIn, recalls?: string): Promise<Sent> {
    const item = { id: body.id, study: this.study, assignmentId, body, createdAt: Date.now(), refused: null, recalls };
    clearTimeout(this.draftTimer);
    if (!this.outbox) return this.api.send(item);
    const { draft } = this;
    // Once in the outbox the draft is gone and must not be written again.
    this.draft = null;
    try {
      await this.outbox.enqueue(item);
    } catch (error) {
      this.draft = draft;
      throw error;
    }
    return this.outbox.deliver(item.id);
  }

  private follow(sent: Sent, id: string): void {
    if (sent.state === "later") {
      // Without storage the page itself is the only copy: stay on it.
      if (this.outbox) this.phase = { name: "unsent", id };
      else this.toast(sent.detail);
    } else if (sent.state === "refused") {
      this.phase = { name: "refused", detail: sent.detail };
    } else {
      this.say(t("say.submitted"));
      const { message } = sent.result;
      this.phase = message ? { name: "result", message, practised: this.compare(id) } : { name: "loading" };
    }
  }

  /** Both masks of a practice slice that was just handed in; null after a reload. */
  private compare(id: string): Promise<Practised> | null {
    const { bench } = this;
    if (!bench) return null;
    const { task } = bench;
    return this.masks.gold(task, id).then((theirs) => ({ task, mine: bench.editor.plane.data, theirs }));
  }

  private async renew(): Promise<void> {
    const id = this.bench?.task.assignment_id;
    if (!id || this.phase.name !== "work" || document.visibilityState === "hidden") return;
    // A lease that cannot be renewed costs nothing: a late correction is stored all the same.
    await this.api.renew(id).catch(() => undefined);
  }

  private backOnline(): void {
    this.bench?.retryTiles();
    if (this.phase.name === "unsent") void this.retryUnsent();
    else void this.outbox?.flush();
  }

  private async countUnsent(): Promise<void> {
    this.unsent = (await this.outbox?.waiting())?.length ?? 0;
    // What was sent in the background frees the person who waits for it.
    if (this.unsent === 0) await this.retryUnsent();
  }

  private fail(error: unknown): void {
    if (!(error instanceof ApiError)) console.error(error);
    this.phase = { name: "error", detail: error instanceof Error ? error.message : t("error.unknown") };
  }
}
