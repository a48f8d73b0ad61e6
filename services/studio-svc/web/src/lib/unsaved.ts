import { session } from "./session.svelte.ts";

/** Text that is typed and not saved: in this tab's sessionStorage, by who typed it and where. */
export interface Unsaved<T> {
  at: string;
  value: T;
}

/** The key of the text of a persona's prompt. */
export function promptKey(persona: string, layer: string, name: string): string {
  return `${session.me?.workspace_id}:${session.me?.subject}:prompt:${persona}:${layer}/${name}`;
}

export function keepUnsaved(key: string, value: unknown): void {
  sessionStorage.setItem(`unsaved:${key}`, JSON.stringify({ at: new Date().toISOString(), value }));
}

export function readUnsaved<T>(key: string): Unsaved<T> | null {
  const text = sessionStorage.getItem(`unsaved:${key}`);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Unsaved<T>;
  } catch {
    return null;
  }
}

export function dropUnsaved(key: string): void {
  sessionStorage.removeItem(`unsaved:${key}`);
}
