import { ApiError } from "../api/problem.ts";

/** What a page reads from the services: with its error, and without answers that come too late. */
export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  isLoading = $state(false);
  #read: (() => Promise<T>) | null = null;
  #turn = 0;

  /** Read with `read`; what was read before stays until its answer is there, unless `fresh`. */
  async load(read: () => Promise<T>, { fresh = false } = {}): Promise<T | null> {
    this.#read = read;
    const turn = ++this.#turn;
    if (fresh) this.data = null;
    this.isLoading = true;
    try {
      const data = await read();
      if (turn !== this.#turn) return null;
      this.data = data;
      this.error = null;
      return data;
    } catch (error) {
      if (turn !== this.#turn) return null;
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      return null;
    } finally {
      if (turn === this.#turn) this.isLoading = false;
    }
  }

  async reload(): Promise<void> {
    if (this.#read) await this.load(this.#read);
  }
}
