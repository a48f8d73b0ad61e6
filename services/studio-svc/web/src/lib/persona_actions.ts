import { answer, persona } from "../api/client.ts";
import { ifMatch } from "../api/etag.ts";
import type { Persona } from "../api/types.ts";
import { personas } from "./personas.svelte.ts";
import { toasts } from "./toasts.svelte.ts";

/** Make a persona the default of its workspace; undo gives it back to the one before. */
export async function setDefault(id: string, name: string): Promise<void> {
  const before = personas.names.data?.find((one) => one.is_default);
  await makeDefault(id);
  const undo =
    before && before.persona_id !== id ? () => makeDefault(before.persona_id) : null;
  toasts.show(`${name} is the default now.`, undo);
}

async function makeDefault(id: string): Promise<void> {
  const params = { path: { persona_id: id } };
  await answer(persona.POST("/api/personas/{persona_id}/default", { params }));
  await personas.load();
}

export async function clonePersona(id: string): Promise<Persona> {
  const params = { path: { persona_id: id } };
  const made = await answer(persona.POST("/api/personas/{persona_id}/clone", { params, body: {} }));
  await personas.load();
  return made;
}

/** Delete at the version that was seen; undo brings it back while the trash has it. */
export async function deletePersona(
  target: { persona_id: string; name: string; version: number },
  promote: string | null,
  done: () => Promise<unknown>,
): Promise<void> {
  const path = { persona_id: target.persona_id };
  const query = promote ? { promote } : {};
  const header = ifMatch(target.version);
  await answer(persona.DELETE("/api/personas/{persona_id}", { params: { path, query, header } }));
  await personas.load();
  await done();
  toasts.show(`${target.name} is in the trash.`, async () => {
    await undelete(target.persona_id);
    await done();
  });
}

export async function undelete(id: string): Promise<void> {
  const params = { path: { persona_id: id } };
  await answer(persona.POST("/api/personas/{persona_id}/undelete", { params }));
  await personas.load();
}
