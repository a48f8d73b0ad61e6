import { ApiError } from "../api/problem.ts";
import type { Edit } from "./edit.svelte.ts";
import type { Fields } from "./merge.ts";
import { toasts } from "./toasts.svelte.ts";

/** Where a form is stored: how, and how an answer becomes its fields. */
export interface Store<T> {
  send: (fields: Fields, version: number) => Promise<T>;
  fieldsOf: (stored: T) => Fields;
  versionOf: (stored: T) => number;
}

/** Save a form; null: it is saved, or others saved first and their fields are shown now. */
export async function saveEdit<T>(edit: Edit, store: Store<T>): Promise<ApiError | null> {
  const sent = edit.body();
  try {
    const saved = await store.send(sent, edit.version);
    edit.saved(sent, store.fieldsOf(saved), store.versionOf(saved));
    toasts.show("Saved.");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 412) return error;
    const current = error.problem.current as T;
    edit.update(store.fieldsOf(current), store.versionOf(current));
    toasts.fail(
      edit.hasConflicts
        ? "Somebody else saved first, and changed the same field: choose what counts."
        : "Somebody else saved first: their fields are shown. Save again to add yours.",
    );
  }
  return null;
}
