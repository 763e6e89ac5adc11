/** The server, as the explorer sees it. Every failure carries one sentence for a person. */
import { t } from "./messages.ts";
import type { Objects, Patches, Sort } from "./types.ts";

export class ExplorerApi {
  private readonly base: string;
  private readonly csrf: string;

  constructor(cube: number, csrf: string) {
    this.base = `/api/v1/cubes/${cube}`;
    this.csrf = csrf;
  }

  image(axis: string, index: number, most: number, version: string): string {
    return `${this.base}/plane/${axis}/${index}.jpg?max=${most}&v=${encodeURIComponent(version)}`;
  }

  mask(axis: string, index: number, most: number): string {
    return `${this.base}/mask/${axis}/${index}.png?max=${most}`;
  }

  /** Null where the proposal holds no such map. */
  async patches(z: number, name: string): Promise<Patches | null> {
    const response = await fetch(`${this.base}/patches/${z}?name=${name}`);
    if (response.status === 404) return null;
    return this.read(response);
  }

  async objects(sort: Sort, after: string): Promise<Objects> {
    return this.read(await fetch(`${this.base}/objects?sort=${sort}&after=${encodeURIComponent(after)}`));
  }

  async list(): Promise<void> {
    await this.read(
      await fetch(`${this.base}/objects`, { method: "POST", headers: { "X-CSRFToken": this.csrf } }),
    );
  }

  private async read<T>(response: Response): Promise<T> {
    if (response.ok) return (await response.json()) as T;
    let words = t("error.server", { status: response.status });
    try {
      const { detail } = (await response.json()) as { detail?: unknown };
      if (typeof detail === "string" && detail) words = detail;
    } catch {
      // Not JSON: something between here and the server answered.
    }
    throw new Error(words);
  }
}
