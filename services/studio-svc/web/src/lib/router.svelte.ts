import type { Component } from "svelte";

export type Params = Record<string, string>;
export interface Page {
  /** Its address; `:name` is a parameter, a `?` after it means that it may be missing. */
  path: string;
  title: string;
  load: () => Promise<{ default: Component<any> }>;
}

/** The address: which persona and which filters are shown is kept in it alone. */
class Router {
  path = $state(location.pathname);
  #search = $state.raw(new URLSearchParams(location.search));
  /** Ask before leaving: the answer is true if the page may be left. */
  guard: (() => boolean) | null = null;

  constructor() {
    addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  query(name: string): string {
    return this.#search.get(name) ?? "";
  }

  go(to: string, { replace = false } = {}): void {
    if (this.guard && !this.guard()) return;
    history[replace ? "replaceState" : "pushState"](null, "", to);
    this.#read();
    if (!replace) scrollTo(0, 0);
  }

  /** Change a part of the query; an empty value removes it. */
  setQuery(values: Record<string, string>): void {
    const query = new URLSearchParams(this.#search);
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    history.replaceState(null, "", this.path + (text ? `?${text}` : ""));
    this.#read();
  }

  #read(): void {
    this.path = location.pathname;
    this.#search = new URLSearchParams(location.search);
  }

  #clicked(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.dataset.external !== undefined || link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

/** Return the parameters of `path` if it has the form of `pattern`. */
export function matched(pattern: string, path: string): Params | null {
  const parts = pattern.split("/").slice(1);
  const given = path.replace(/\/+$/, "").split("/").slice(1);
  if (given.length === 0) given.push("");
  if (given.length > parts.length) return null;
  const params: Params = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index];
    if (part.startsWith(":")) {
      if (value) params[part.slice(1).replace("?", "")] = decodeURIComponent(value);
      else if (!part.endsWith("?")) return null;
    } else if (part !== (value ?? "")) return null;
  }
  return params;
}

export const router = new Router();
