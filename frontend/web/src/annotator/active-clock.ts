/** Counts the seconds in which a person is at work: the gaps between actions, if they are short. */

const LONGEST_GAP_MS = 15_000;

export class ActiveClock {
  private last: number | null = null;
  private total: number;

  /** `seconds`: counted before, e.g. before a reload. */
  constructor(seconds = 0) {
    this.total = seconds * 1000;
  }

  /** An action at a time in milliseconds. A long gap before it was a pause and counts nothing. */
  note(now: number): void {
    if (this.last !== null && now - this.last <= LONGEST_GAP_MS) this.total += now - this.last;
    this.last = now;
  }

  /** Forgets what was counted since. */
  goBackTo(seconds: number): void {
    this.total = seconds * 1000;
  }

  get seconds(): number {
    return this.total / 1000;
  }
}
