import { ApiError } from "../api/problem.ts";

export interface PageOf<T> {
  items: T[];
  next?: string | null;
  unavailable?: string[];
}

/** A list that is read page by page. */
export class Paged<T> {
  items = $state.raw<T[]>([]);
  next = $state<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  unavailable = $state.raw<string[]>([]);
  isLoading = $state(false);
  isLoaded = $state(false);
  #read: ((after: string | undefined) => Promise<PageOf<T>>) | null = null;
  #turn = 0;

  /** Read the first page with `read`, in place of what is there. */
  async load(read: (after: string | undefined) => Promise<PageOf<T>>): Promise<void> {
    this.#read = read;
    await this.#page(undefined);
  }

  async more(): Promise<void> {
    if (this.next && !this.isLoading) await this.#page(this.next);
  }

  async reload(): Promise<void> {
    if (this.#read) await this.#page(undefined);
  }

  async #page(after: string | undefined): Promise<void> {
    if (!this.#read) return;
    const turn = ++this.#turn;
    this.isLoading = true;
    try {
      const page = await this.#read(after);
      if (turn !== this.#turn) return;
      this.items = after ? [...this.items, ...page.items] : page.items;
      this.next = page.next ?? null;
      this.unavailable = page.unavailable ?? [];
      this.error = null;
      this.isLoaded = true;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      if (turn === this.#turn) this.isLoading = false;
    }
  }
}
