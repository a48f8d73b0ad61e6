import { onMount } from "svelte";

export interface Key {
  /** As `KeyboardEvent.key` has it, or two after each other: "g p". */
  key: string;
  label: string;
  run: () => void;
}

/** The keys of what can be seen; `?` lists them. */
class Keys {
  active = $state.raw<Key[]>([]);
  #first = "";

  add(keys: Key[]): () => void {
    this.active = [...this.active, ...keys];
    return () => {
      this.active = this.active.filter((key) => !keys.includes(key));
    };
  }

  pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const both = this.#first ? `${this.#first} ${event.key}` : "";
    const found = this.active.findLast((key) => key.key === both || (!both && key.key === event.key));
    this.#first = "";
    if (found) {
      event.preventDefault();
      found.run();
    } else if (this.active.some((key) => key.key.startsWith(`${event.key} `))) {
      this.#first = event.key;
      setTimeout(() => (this.#first = ""), 1000);
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

export const keys = new Keys();

/** Offer keys for as long as the component is shown. */
export function useKeys(offered: () => Key[]): void {
  onMount(() => keys.add(offered()));
}
