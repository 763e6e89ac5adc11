/**
 * The worker's own copy of the mask. It follows every stroke by its few hundred bytes, so that at the
 * end nothing large has to be handed over to be coded.
 */
import type { LabelPlane } from "../plane.ts";
import type { Heavy } from "./heavy.ts";
import type { Sealed } from "./jobs.ts";

/** A mask that the worker has: the mirror's number, and how many changes it must have seen. */
export interface Mirrored {
  mirror: number;
  changes: number;
}

let count = 0;

export class Mirror {
  readonly number = count++;
  private changes = 0;

  constructor(private readonly heavy: Pick<Heavy, "run">) {}

  /** Sees every change of the plane from here on. */
  follow(plane: LabelPlane): void {
    plane.onChange = (patch) => {
      this.changes++;
      // One that is missed is found out by the count.
      this.heavy.run("follow", this.number, patch).catch(() => undefined);
    };
  }

  /** The mask as it is handed in; a worker that does not have it is given it. */
  async seal({ data, width, height }: LabelPlane, proposal: Uint8Array | null): Promise<Sealed> {
    const mirrored = { mirror: this.number, changes: this.changes };
    const sealed = await this.heavy.run("seal", mirrored, proposal, width, height);
    return sealed ?? (await this.heavy.run("seal", data, proposal, width, height))!;
  }
}
