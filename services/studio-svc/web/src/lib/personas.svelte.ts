import { answer, persona } from "../api/client.ts";
import type { components } from "../api/generated/persona-svc.d.ts";
import type { PageOf } from "./paged.svelte.ts";
import { Resource } from "./resource.svelte.ts";
import { router } from "./router.svelte.ts";
import { session } from "./session.svelte.ts";

export interface PersonaName {
  persona_id: string;
  name: string;
  is_default: boolean;
  is_active: boolean;
}

export type PersonaSummary = components["schemas"]["PersonaSummaryDocument"];
export interface Filters {
  search?: string;
  tag?: string;
  active?: boolean;
  sort?: "name" | "created_at" | "-updated_at";
  after?: string;
}

const FIRST = 200;
const OF_PERSONA = /^\/(?:personas|prompts|files|voice|chat)\/([0-9a-f-]{36})(?:\/|$)/;

/** The personas of the selector, and which one is chosen: the one in the address. */
class Personas {
  names = new Resource<PersonaName[]>();

  /** The persona of the address, else the last one that was in it; "" without any. */
  get chosen(): string {
    const shown = OF_PERSONA.exec(router.path)?.[1];
    if (shown) {
      localStorage.setItem(this.#key, shown);
      return shown;
    }
    return localStorage.getItem(this.#key) ?? "";
  }

  get chosenName(): string | null {
    return this.names.data?.find((one) => one.persona_id === this.chosen)?.name ?? null;
  }

  /** The name of a persona, for people. */
  nameOf(id: string | null | undefined): string {
    const known = this.names.data ?? [];
    const found = known.find((one) => one.persona_id === id);
    return found?.name ?? (known.length < FIRST ? "a persona that is gone" : `persona ${id?.slice(0, 8)}`);
  }

  async load(): Promise<void> {
    await this.names.load(() => this.search(""));
  }

  async search(text: string): Promise<PersonaName[]> {
    const page = await personaPage(text ? { search: text } : {});
    return page.items.flatMap((item) =>
      item.persona_id === null ? [] : [{ ...item, persona_id: item.persona_id }],
    );
  }

  get #key(): string {
    return `persona:${session.me?.workspace_id ?? ""}`;
  }
}

export const personas = new Personas();

/** A page of the personas without their texts. */
export async function personaPage(filters: Filters): Promise<PageOf<PersonaSummary>> {
  const query = { view: "summary" as const, limit: FIRST, ...filters };
  const page = await answer(persona.GET("/api/personas", { params: { query } }));
  // The view decides which of the documents it is.
  return page as PageOf<PersonaSummary>;
}
