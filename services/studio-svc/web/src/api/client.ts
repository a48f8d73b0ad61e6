import createClient, { type Client } from "openapi-fetch";

import { session } from "../lib/session.svelte.ts";
import type { paths as ChatPaths } from "./generated/chat-svc.d.ts";
import type { paths as DraftPaths } from "./generated/draft-svc.d.ts";
import type { paths as FollowupPaths } from "./generated/followup-svc.d.ts";
import type { paths as IngestPaths } from "./generated/ingest-svc.d.ts";
import type { paths as PersonaPaths } from "./generated/persona-svc.d.ts";
import type { paths as VoicePaths } from "./generated/voice-svc.d.ts";
import { versionOf } from "./etag.ts";
import { apiError, ApiError, OFFLINE } from "./problem.ts";

const REVISION = "Dramatis-Revision";
const AT_LEAST = "Dramatis-At-Least";
let seen = 0;

/**
 * Send a request as the person who is signed in.
 *
 * It asks for at least the highest revision that was seen, so that what was just written is read;
 * where the session has ended, the person signs in over the page and the request goes on.
 *
 * @throws ApiError where nothing answers.
 */
export async function send(request: Request): Promise<Response> {
  if (seen && request.method === "GET") request.headers.set(AT_LEAST, String(seen));
  const again = request.clone();
  let response = await reached(request);
  if (response.status === 401) {
    await session.signInAgain();
    response = await reached(again);
  }
  seen = Math.max(seen, Number(response.headers.get(REVISION) ?? 0));
  return response;
}

async function reached(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(OFFLINE);
  }
}

const client: unknown = createClient({ baseUrl: location.origin, fetch: send });
export const persona = client as Client<PersonaPaths>;
export const draft = client as Client<DraftPaths>;
export const followup = client as Client<FollowupPaths>;
export const ingest = client as Client<IngestPaths>;
export const voice = client as Client<VoicePaths>;
export const chat = client as Client<ChatPaths>;

/**
 * Return what a call answered.
 *
 * @throws ApiError it answered no 2xx.
 */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw apiError(response, error);
  return data as T;
}

/** Return a JSON answer of the gateway, which is in no service's OpenAPI. */
export async function getJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await send(new Request(new URL(path, location.origin), init));
  const text = await response.text();
  let body: unknown = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = text;
  }
  if (!response.ok) throw apiError(response, body);
  return body as T;
}

/**
 * Return what a call answered, with the version that its ETag names.
 *
 * @throws ApiError it answered no 2xx.
 */
export async function versioned<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<{ data: T; version: number }> {
  const { data, error, response } = await call;
  if (!response.ok) throw apiError(response, error);
  return { data: data as T, version: versionOf(response) };
}
