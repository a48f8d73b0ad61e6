import { changes, isSame, merge, type Fields } from "./merge.ts";
import { dropUnsaved, keepUnsaved, readUnsaved } from "./unsaved.ts";

interface Kept {
  base: Fields;
  values: Fields;
  version: number;
}

/**
 * A form over a stored document: what was read, what is typed, and where others changed the same.
 *
 * A field that a person has changed is touched by nothing but that person; what is not saved stays
 * in the tab, by its key.
 */
export class Edit {
  values = $state<Fields>({});
  /** What others have stored in a field that was changed here too, until one of both is chosen. */
  conflicts = $state<Fields>({});
  /** When the text was typed that an earlier visit has left here. */
  restoredAt = $state<string | null>(null);
  version = $state(0);
  isOpen = $state(false);
  #base = $state.raw<Fields>({});
  #key = "";

  get changed(): string[] {
    return Object.keys(changes(this.#base, this.values));
  }

  get hasConflicts(): boolean {
    return Object.keys(this.conflicts).length > 0;
  }

  /** Show a document as it is stored; text that was typed and not saved stands on top of it. */
  open(key: string, stored: Fields, version: number): void {
    this.#key = key;
    const kept = readUnsaved<Kept>(key);
    this.isOpen = true;
    this.#base = stored;
    this.version = version;
    this.values = { ...stored };
    this.conflicts = {};
    this.restoredAt = kept?.at ?? null;
    if (kept) this.#place(kept.value.base, { ...stored, ...kept.value.values }, stored);
    if (this.changed.length === 0) this.discard();
  }

  /** Take in the document as it is stored now. */
  update(stored: Fields, version: number): void {
    if (version <= this.version) return;
    this.#place(this.#base, { ...this.values }, stored);
    this.#base = stored;
    this.version = version;
    this.keep();
  }

  set(name: string, value: unknown): void {
    this.values[name] = value;
    this.keep();
  }

  choose(name: string, whose: "mine" | "theirs"): void {
    if (whose === "theirs") this.values[name] = this.conflicts[name];
    delete this.conflicts[name];
    this.keep();
  }

  /** The fields to send: those that differ from what is stored. */
  body(): Fields {
    return changes(this.#base, this.values);
  }

  /** What was sent is stored; what was typed since then stays. */
  saved(sent: Fields, stored: Fields, version: number): void {
    const typed = Object.entries(this.values).filter(
      ([name, value]) => !isSame(value, name in sent ? sent[name] : this.#base[name]),
    );
    this.#base = stored;
    this.version = version;
    this.values = { ...stored, ...Object.fromEntries(typed) };
    this.conflicts = {};
    this.restoredAt = null;
    this.keep();
  }

  discard(): void {
    this.values = { ...this.#base };
    this.conflicts = {};
    this.restoredAt = null;
    dropUnsaved(this.#key);
  }

  isChanged(name: string): boolean {
    return !isSame(this.values[name], this.#base[name]);
  }

  keep(): void {
    const values = this.body();
    if (Object.keys(values).length === 0) dropUnsaved(this.#key);
    else keepUnsaved(this.#key, { base: this.#base, values, version: this.version } satisfies Kept);
  }

  #place(base: Fields, mine: Fields, theirs: Fields): void {
    const merged = merge(base, mine, theirs);
    this.values = merged.values;
    const open = merged.conflicts.map((name) => [name, theirs[name]] as const);
    this.conflicts = { ...this.conflicts, ...Object.fromEntries(open) };
  }
}
