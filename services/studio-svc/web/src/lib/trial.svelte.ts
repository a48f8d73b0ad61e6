import { send } from "../api/client.ts";
import { apiError, ApiError, OFFLINE } from "../api/problem.ts";
import { frames } from "./chat_stream.ts";

export type Side = "active" | "draft";
export interface Passage {
  number: number;
  source: string;
  page: number | null;
  section: string | null;
  text: string;
}
interface Took {
  model: string;
  usage: { input_tokens: number; output_tokens: number; cost_microusd: number | null };
  first_token_ms: number;
  took_ms: number;
}
interface Answer {
  text: string;
  prompt: { role: string; content: string }[];
  took: Took | null;
  failed: string | null;
}
type Event =
  | { type: "data-passages"; data: { knowledge: string; passages: Passage[] } }
  | { type: "data-prompt"; data: { side: Side; messages: Answer["prompt"] } }
  | { type: "text-delta"; id: Side; delta: string }
  | { type: "data-usage"; data: Took & { side: Side } }
  | { type: "data-failed"; data: { side: Side; title: string } }
  | { type: "start" | "finish" | "text-start" | "text-end" };

export interface Texts {
  message: string;
  system?: string;
  rag?: string;
  user?: string;
}
const CUT = { ...OFFLINE, title: "The answers were cut off.", detail: "The answers were cut off: ask again." };

function nothing(): Answer {
  return { text: "", prompt: [], took: null, failed: null };
}

/** One question, answered with the active prompts and with drafts of them. */
export class Trial {
  sides = $state<Record<Side, Answer>>({ active: nothing(), draft: nothing() });
  passages = $state.raw<Passage[]>([]);
  knowledge = $state("");
  isAsked = $state(false);
  isBusy = $state(false);
  error = $state.raw<ApiError | null>(null);
  #abort = new AbortController();

  /** Hear both answers word by word; true once both are whole. */
  async ask(persona: string, texts: Texts): Promise<boolean> {
    this.stop();
    const { signal } = (this.#abort = new AbortController());
    this.sides = { active: nothing(), draft: nothing() };
    this.passages = [];
    this.error = null;
    this.isBusy = true;
    try {
      await this.#hear(persona, texts, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) this.error = error instanceof ApiError ? error : new ApiError(CUT);
      return false;
    } finally {
      if (!signal.aborted) this.isBusy = false;
    }
  }

  stop(): void {
    this.#abort.abort();
    this.isBusy = false;
  }

  async #hear(persona: string, texts: Texts, signal: AbortSignal): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const address = new URL(`/api/personas/${persona}/prompts/test`, location.origin);
    const response = await send(new Request(address, { method: "POST", headers, body: JSON.stringify(texts), signal }));
    if (!response.ok || !response.body) throw apiError(response, await response.json().catch(() => null));
    this.isAsked = true;
    for await (const frame of frames<Event>(response.body)) {
      if (frame.isDone) return;
      if (frame.event) this.#told(frame.event);
    }
    throw new ApiError(CUT);
  }

  #told(event: Event): void {
    switch (event.type) {
      case "data-passages":
        this.passages = event.data.passages;
        this.knowledge = event.data.knowledge;
        break;
      case "data-prompt":
        this.sides[event.data.side].prompt = event.data.messages;
        break;
      case "text-delta":
        this.sides[event.id].text += event.delta;
        break;
      case "data-usage":
        this.sides[event.data.side].took = event.data;
        break;
      case "data-failed":
        this.sides[event.data.side].failed = event.data.title;
    }
  }
}
