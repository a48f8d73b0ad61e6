import { onDestroy } from "svelte";

import { session } from "./session.svelte.ts";

export interface Changed {
  items?: { kind: string; id: string | null; revision: number | null }[];
  all?: boolean;
}
type Listener = (changed: Changed) => void;

const ALL: Changed = { all: true };
const JOIN_MS = 250;

/** Hints that something has changed. One tab of the browser has the connection, and tells the others. */
class Live {
  isConnected = $state(false);
  #listeners = new Set<Listener>();
  #channel = new BroadcastChannel("dramatis-live");

  start(): void {
    this.#channel.addEventListener("message", ({ data }) => this.#told(data));
    this.#channel.postMessage({ asks: true });
    void navigator.locks.request("dramatis-live", () => this.#lead());
  }

  /** Call `listener` on each hint, until the component that asks is gone. */
  listen(listener: Listener): void {
    this.#listeners.add(listener);
    onDestroy(() => this.#listeners.delete(listener));
  }

  #lead(): Promise<never> {
    this.#channel.addEventListener("message", ({ data }) => {
      if (data.asks && this.isConnected) this.#channel.postMessage({ isConnected: true });
    });
    this.#connect();
    return new Promise(() => {});
  }

  #connect(): void {
    const source = new EventSource("/events");
    source.addEventListener("hello", () => this.#tell({ isConnected: true, changed: ALL }));
    source.addEventListener("changed", (event) => {
      this.#tell({ changed: JSON.parse(event.data) as Changed });
    });
    source.addEventListener("error", () => {
      this.#tell({ isConnected: false });
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => void this.#reconnect(), 3000);
    });
  }

  async #reconnect(): Promise<void> {
    const isSignedIn = await session.recheck().catch(() => false);
    if (isSignedIn) this.#connect();
    else setTimeout(() => void this.#reconnect(), 3000);
  }

  #tell(message: { isConnected?: boolean; changed?: Changed }): void {
    this.#channel.postMessage(message);
    this.#told(message);
  }

  #told(message: { isConnected?: boolean; changed?: Changed }): void {
    if (message.isConnected !== undefined) this.isConnected = message.isConnected;
    if (message.changed) for (const listener of this.#listeners) listener(message.changed);
  }
}

export const live = new Live();

/** Call `reread` after changes of these kinds (all, where hints were lost), several at once as one. */
export function rereadOn(kinds: string[], reread: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  live.listen((changed) => {
    const concerns = changed.all || changed.items?.some((item) => kinds.includes(item.kind));
    if (!concerns) return;
    clearTimeout(timer);
    timer = setTimeout(reread, JOIN_MS);
  });
  onDestroy(() => clearTimeout(timer));
}
