import { answer, chat, send } from "../api/client.ts";
import { apiError, ApiError } from "../api/problem.ts";
import type { Conversation, Message } from "../api/types.ts";
import { frames, type ChatEvent } from "./chat_stream.ts";

const RESUME_AFTER_MS = [500, 1000, 2000, 5000];
const OPEN = new Set(["queued", "streaming"]);
const PAGE = 50;

/** One conversation: what was said, and the answer that is being written. */
export class Thread {
  id = $state<string | null>(null);
  conversation = $state.raw<Conversation | null>(null);
  messages = $state.raw<Message[]>([]);
  hasMore = $state(false);
  isLoading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** What the person has sent and the server has not confirmed yet. */
  sending = $state<string | null>(null);
  /** The answer that is being written. */
  answering = $state<{ messageId: string | null; text: string } | null>(null);
  isCut = $state(false);
  /** Told to screen readers: that an answer begins and ends, not each word. */
  told = $state("");
  readonly persona: string;
  #stop = new AbortController();

  constructor(persona: string, id: string | null) {
    this.persona = persona;
    this.id = id;
  }

  get isBusy(): boolean {
    return this.answering !== null || this.sending !== null;
  }

  async open(): Promise<void> {
    if (!this.id) return;
    this.isLoading = true;
    try {
      await this.read();
      const last = this.messages.at(-1);
      if (last && OPEN.has(last.status)) void this.#follow(last.message_id);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.isLoading = false;
    }
  }

  /** Read what is stored. */
  async read(): Promise<void> {
    if (!this.id) return;
    const path = { conversation_id: this.id };
    const [detail, page] = await Promise.all([
      answer(chat.GET("/api/conversations/{conversation_id}", { params: { path } })),
      answer(chat.GET("/api/conversations/{conversation_id}/messages", { params: { path, query: { limit: PAGE } } })),
    ]);
    this.conversation = detail.conversation;
    this.messages = page.messages;
    this.hasMore = page.has_more;
    this.error = null;
  }

  async readOlder(): Promise<void> {
    const [first] = this.messages;
    if (!this.id || !first) return;
    const params = { path: { conversation_id: this.id }, query: { limit: PAGE, before: first.message_id } };
    const page = await answer(chat.GET("/api/conversations/{conversation_id}/messages", { params }));
    this.messages = [...page.messages, ...this.messages];
    this.hasMore = page.has_more;
  }

  /** Leave: nothing that comes later touches the page; the answer is written on. */
  close(): void {
    this.#stop.abort();
  }

  /**
   * Send a message and hear the answer.
   *
   * Returns true once the message is stored; `begun` is told the conversation that it began.
   */
  async say(text: string, begun: (id: string) => void): Promise<boolean> {
    this.sending = text;
    this.error = null;
    const key = crypto.randomUUID();
    try {
      const response = await this.#posted(`/chat/${this.persona}`, {
        message: text,
        client_key: key,
        ...(this.id && { thread_id: this.id }),
      });
      await this.#heard(response, begun);
      return true;
    } catch (error) {
      const isStored = this.answering !== null;
      this.sending = null;
      this.#failed(error);
      return isStored;
    }
  }

  async stop(): Promise<void> {
    const id = this.answering?.messageId;
    if (id) await this.#message("stop", id);
  }

  async regenerate(message: Message): Promise<void> {
    const made = await this.#message("regenerate", message.message_id);
    await this.read();
    void this.#follow(made.message_id);
  }

  async resend(message: Message): Promise<void> {
    const made = await this.#message("resend", message.message_id);
    await this.read();
    void this.#follow(made.message_id);
  }

  async rate(message: Message, rating: "up" | "down" | "none"): Promise<void> {
    const path = { conversation_id: message.conversation_id, message_id: message.message_id };
    const address = "/api/conversations/{conversation_id}/messages/{message_id}/feedback";
    const rated = await answer(chat.PUT(address, { params: { path }, body: { rating } }));
    this.messages = this.messages.map((one) => (one.message_id === rated.message_id ? rated : one));
  }

  #message(what: "stop" | "regenerate" | "resend", message_id: string): Promise<Message> {
    const params = { path: { conversation_id: this.id ?? "", message_id } };
    return answer(chat.POST(`/api/conversations/{conversation_id}/messages/{message_id}/${what}`, { params }));
  }

  async #posted(path: string, body: unknown): Promise<Response> {
    const request = new Request(new URL(path, location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: this.#stop.signal,
    });
    const response = await send(request);
    if (!response.ok) throw apiError(response, await response.json().catch(() => null));
    return response;
  }

  /** Hear a stream to its end; where it is cut, go on with it. */
  async #heard(response: Response, begun?: (id: string) => void): Promise<void> {
    let place = "";
    this.answering ??= { messageId: null, text: "" };
    try {
      if (response.body) {
        for await (const frame of frames(response.body)) {
          place = frame.id || place;
          this.isCut = false;
          if (frame.isDone) return await this.#ended();
          if (frame.event) this.#taken(frame.event, begun);
        }
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (error instanceof ApiError) throw error;
    }
    if (!this.#stop.signal.aborted) await this.#resume(place);
  }

  #taken(event: ChatEvent, begun?: (id: string) => void): void {
    this.answering ??= { messageId: null, text: "" };
    switch (event.type) {
      case "start":
        this.answering.messageId = event.messageId;
        this.told = "The answer begins.";
        break;
      case "data-thread_info":
        this.id = event.data.thread_id;
        begun?.(event.data.thread_id);
        break;
      case "text-delta":
        this.answering.text += event.delta;
        break;
      case "data-restart":
        this.answering.text = "";
        break;
    }
  }

  async #resume(place: string): Promise<void> {
    this.isCut = true;
    for (let attempt = 0; ; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, RESUME_AFTER_MS[Math.min(attempt, 3)]));
      if (this.#stop.signal.aborted) return;
      try {
        return await this.#follow(this.answering?.messageId ?? null, place);
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500)) return this.#ended();
      }
    }
  }

  async #follow(messageId: string | null, place = ""): Promise<void> {
    if (!place) this.answering = { messageId, text: "" };
    const request = new Request(new URL(`/api/conversations/${this.id}/stream`, location.origin), {
      headers: place ? { "Last-Event-ID": place } : {},
      signal: this.#stop.signal,
    });
    const response = await send(request);
    if (response.status === 204) return this.#ended();
    if (!response.ok) throw apiError(response, await response.json().catch(() => null));
    await this.#heard(response);
  }

  async #ended(): Promise<void> {
    await this.read().catch((error: unknown) => this.#failed(error));
    this.answering = null;
    this.sending = null;
    this.isCut = false;
    this.told = "The answer is complete.";
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    this.error = error;
    this.answering = null;
  }
}
