export interface Toast {
  id: number;
  text: string;
  isError: boolean;
  undo: (() => Promise<void>) | null;
}

const SHOWN_MS = 8000;
let last = 0;

/** Short messages; one that can be undone stays for eight seconds. */
class Toasts {
  shown = $state<Toast[]>([]);

  show(text: string, undo: (() => Promise<void>) | null = null): void {
    this.#add({ id: ++last, text, isError: false, undo });
  }

  fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#add({ id: ++last, text, isError: true, undo: null });
  }

  close(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast): void {
    this.shown = [...this.shown.slice(-3), toast];
    setTimeout(() => this.close(toast.id), SHOWN_MS);
  }
}

export const toasts = new Toasts();

/** Do something that a person asked for, and say why where it fails: true if it is done. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    toasts.fail(error);
    return false;
  }
}
